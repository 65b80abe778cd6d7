#include "workers/providers/ndjson.hpp"

#include <utility>

namespace airi::workers::providers {

void ndjson_parser::add(std::string line, std::vector<std::string>& out) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (std::exchange(x_first_line, false) && line.starts_with(byte_order_mark))
        line.erase(0, byte_order_mark.size());
    while (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) out.push_back(std::move(line));
}

error_code ndjson_parser::push(std::string_view bytes, std::vector<std::string>& out) {
    while (!x_failed && !bytes.empty()) {
        const auto end = bytes.find('\n');
        const auto part = bytes.substr(0, end);
        x_failed = x_partial.size() + part.size() > x_most;
        if (x_failed) break;
        x_partial += part;
        if (end == std::string_view::npos) break;
        add(std::exchange(x_partial, {}), out);
        bytes.remove_prefix(end + 1);
    }
    return x_failed ? make_error_code(errc::malformed) : error_code{};
}

void ndjson_parser::finish(std::vector<std::string>& out) {
    if (!x_failed) add(std::exchange(x_partial, {}), out);
}

}  // namespace airi::workers::providers
