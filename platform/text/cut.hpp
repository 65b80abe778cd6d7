// Cuts text where a reader sees no half of a letter or sign. Used for titles.
#pragma once

#include <cstddef>
#include <string_view>

namespace airi::text {

/// The longest beginning of at most `most` code points that ends between two grapheme clusters (UAX #29): a letter with
/// its accents or a family of emoji stays whole. Without such an end, as after a thousand accents, `most` code points.
std::string_view cut(std::string_view utf8, std::size_t most);

}  // namespace airi::text
