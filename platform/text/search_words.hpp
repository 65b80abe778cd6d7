// The words by which a text is found: for the texts that are stored and for those that people look for, so that both
// are cut and folded alike. Used by sql/search.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace airi::text {

struct search_word {
    std::string text;                  ///< folded
    std::uint32_t begin = 0, end = 0;  ///< its bytes in the text that was given
    /// One character of a script that is written without spaces, or of Korean. No dictionary says where its words
    /// begin: they are found by pairs of neighbours.
    bool ideograph = false;
    bool attached = false;  ///< an ideograph behind another one with nothing between
};

/// In order. Words are as normalise() folds them, but for disguises: NFKC, case-folded, without accents and optional
/// vowel signs. Apostrophes and hyphens separate words. An emoji is a word, whatever its skin. `utf8` is valid UTF-8;
/// an invalid byte is a separator. Never fails.
std::vector<search_word> search_words(std::string_view utf8);

}  // namespace airi::text
