// A token count without a tokenizer: for context windows, and for the bill when a provider gives no count.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace airi::workers::providers {

/// A quarter of the bytes, rounded up, and at least the number of words.
inline std::int64_t estimate_tokens(std::string_view text) {
    std::int64_t words = 0;
    bool inside = false;
    for (const char c : text) {
        const bool space = c == ' ' || (c >= '\t' && c <= '\r');
        words += !space && !inside;
        inside = !space;
    }
    return std::max(words, static_cast<std::int64_t>((text.size() + 3) / 4));
}

}  // namespace airi::workers::providers
