#include "platform/base/utf8.hpp"

#include <simdjson.h>

#include <algorithm>

namespace airi {
namespace {

bool begins_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

bool is_utf8(std::string_view text) noexcept { return simdjson::validate_utf8(text.data(), text.size()); }

std::size_t code_points(std::string_view utf8) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, begins_character));
}

std::string_view first_code_points(std::string_view utf8, std::size_t most) noexcept {
    for (std::size_t at = 0; at < utf8.size(); ++at)
        if (begins_character(utf8[at]) && most-- == 0) return utf8.substr(0, at);
    return utf8;
}

}  // namespace airi
