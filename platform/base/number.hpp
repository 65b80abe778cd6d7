// Whole numbers as Postgres writes them. Used by whoever reads rows.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace airi {

/// 0 for a text that is no number, and for a NULL.
inline std::int64_t number_of(std::string_view text) {
    std::int64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

}  // namespace airi
