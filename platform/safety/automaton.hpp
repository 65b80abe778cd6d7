// Finds many patterns of words in one pass over a text: one automaton for all rules of all languages. Used by rules.cpp
// and detect.cpp; knows nothing of what the patterns mean.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace airi::safety {

using word_id = std::uint32_t;
constexpr word_id unknown_word = 0;

/// The words of all patterns. A word that is written as in a pattern, disguised, or with one slip of the finger has the
/// pattern's id.
class vocabulary {
public:
    word_id add(std::string_view word);
    word_id exact(std::string_view word) const;
    /// `shape` is empty unless the word is disguised. A slip: two letters changed places (from four letters on), one
    /// missing or too many (six), one wrong (seven); the first letter is right, and a word in `plain` is no slip.
    word_id find(std::string_view word, std::string_view shape) const;
    /// A real word that looks like a slip of a word of the patterns ("diet", "drying").
    void add_plain(std::string_view word) { plain_[std::string(word)] = true; }

private:
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    template <class T>
    using table = std::unordered_map<std::string, T, hash, std::equal_to<>>;
    word_id slip(std::string_view word, std::size_t shortest) const;

    table<word_id> words_, shapes_;
    table<word_id> undoubled_;               // "kil" for "kill"
    table<std::vector<word_id>> shortened_;  // each word without one of its letters
    table<bool> plain_;
    std::vector<std::string> by_id_{""};
};

/// A word of a text as the automaton sees it.
struct token {
    word_id id = unknown_word;
    bool starts_sentence = false;
    bool blocks_gap = false;  ///< no pattern's gap passes over it
};

struct hit {
    std::uint32_t begin = 0, end = 0;  ///< tokens [begin, end)
    std::uint32_t rule = 0;
};

class automaton {
public:
    automaton();
    automaton(automaton&&) noexcept;
    automaton& operator=(automaton&&) noexcept;
    ~automaton();

    /// While patterns are added. States are numbers; 0 is the beginning of every pattern.
    std::uint32_t new_state();
    void on_word(std::uint32_t from, word_id, std::uint32_t to);
    void on_any(std::uint32_t from, std::uint32_t to);
    void on_nothing(std::uint32_t from, std::uint32_t to);
    void accept(std::uint32_t state, std::uint32_t rule);

    /// Makes it deterministic; call once, after the last pattern.
    void finish();
    /// Every match of every pattern, the longest of a rule at a place; no match spans the end of a sentence.
    std::vector<hit> search(std::span<const token>) const;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace airi::safety
