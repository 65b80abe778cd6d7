// UTF-8: checks of untrusted text, and its length in characters, the unit of every limit of a text.
#pragma once

#include <cstddef>
#include <string_view>

namespace airi {

/// RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

/// The number of characters: code points, as JSON Schema and Postgres count them. `utf8` is valid UTF-8.
std::size_t code_points(std::string_view utf8) noexcept;
/// The first `most` of them.
std::string_view first_code_points(std::string_view utf8, std::size_t most) noexcept;

}  // namespace airi
