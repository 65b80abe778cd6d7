#include "platform/base/file_text.hpp"

#include <fstream>

namespace airi {

std::optional<std::string> file_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text;
    for (char part[1024]; in.read(part, sizeof part), in.gcount() > 0;)
        text.append(part, static_cast<std::size_t>(in.gcount()));
    return in.is_open() && !in.bad() ? std::optional(std::move(text)) : std::nullopt;
}

}  // namespace airi
