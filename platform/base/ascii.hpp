// Text whose case is ignored, such as names of headers, hosts and media types: the letters A to Z only.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace airi {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

inline std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

constexpr bool same_text(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace airi
