// One normaliser for text of people: letters that look alike become alike, and words have boundaries. Used by the
// safety gate; screening and search can stand on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace airi::text {

/// The strongest mark between a word and the word before it.
enum class gap : std::uint8_t { space, soft, stop };  ///< soft: comma, dash, parenthesis; stop: the end of a sentence

struct word {
    std::uint32_t begin = 0;  ///< in normalised::letters
    std::uint16_t length = 0;
    std::uint16_t shape_length = 0;  ///< 0: the word is not disguised
    std::uint32_t shape = 0;         ///< in normalised::letters
    gap before = gap::space;
    bool quoted = false;  ///< inside quotation marks that do not enclose the whole text
    bool emoji = false;
};

/// The words of a text, in order.
struct normalised {
    std::string letters;
    std::vector<word> words;

    std::string_view text(const word& w) const { return std::string_view(letters).substr(w.begin, w.length); }
    /// The shape_of() a disguised word, else empty: digits among letters, signs for letters, a letter thrice, letters
    /// apart ("d.i.e", "d i e"), letters of another script that all look like Latin ones.
    std::string_view shape(const word& w) const { return std::string_view(letters).substr(w.shape, w.shape_length); }
    /// All words, one space apart.
    std::string plain() const;
};

/// `utf8` is valid UTF-8; an invalid byte counts as a separator. Words are NFKC, case-folded, without accents (Latin,
/// Greek and Cyrillic), apostrophes and invisible characters; letters of other scripts that look like Latin ones are
/// Latin in words with a Latin letter; three or more of a letter are two. Never fails.
normalised normalise(std::string_view utf8);

/// Words of one part of a text, before letters apart ("d i e") are joined.
struct part {
    normalised words;
    std::vector<char32_t> separators;  ///< of each word: the one character between it and the word before it, else 0
    bool ends_in_word = false;         ///< otherwise the first word of the next part has no separator
};
/// The words of a text are those of its parts, joined, when each part but the first begins with a character that
/// divides_parts() and follows one that does not.
part normalise_part(std::string_view utf8);
bool divides_parts(char) noexcept;

/// Letters and signs that stand for one another in disguised words are one character, and doubled ones are single:
/// "k1ll", "kill" and "kiiill" have one shape. `word` is the text of a word.
std::string shape_of(std::string_view word);
/// The shape that the word has if a Latin letter follows: letters that look like Latin ones are Latin.
std::string latin_shape_of(std::string_view word);

}  // namespace airi::text
