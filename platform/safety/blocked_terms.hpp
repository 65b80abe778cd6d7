// A product's blocked terms, and texts judged by them. Pure. Used by the moderation worker for messages, by the gateway
// for texts that are saved for prompts, by the chat worker for those that are in a prompt; for replies: term_stream.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "platform/safety/patterns.hpp"

namespace airi::safety {

struct verdict {
    std::string action = "allow";
    std::vector<std::string> categories;  ///< the most severe first
    double confidence = 0;
    std::string reason;  ///< names the category, never the text

    bool blocks() const { return action == "block"; }
    /// True when the action is more severe than the other's.
    bool outweighs(const verdict&) const;
};

/// Immutable: a change of the list makes another one.
class blocked_terms {
public:
    /// JSON: [{term, category, action: warn | block | review, pattern: whether the term is a regular expression}].
    /// Those of self_harm warn at most: a person in a crisis is shown help.
    explicit blocked_terms(std::string_view json = "[]");

    /// The most severe action of the terms found: whole words, one after the other, as they are or disguised
    /// (text::normalise). Patterns are looked for in the same words, one space behind each. `utf8` is valid UTF-8.
    /// Takes less than 50 µs for 500 bytes, however long the list is.
    verdict screen(std::string_view utf8) const;

    const std::string& json() const noexcept { return json_; }

    bool empty() const noexcept { return terms_.empty(); }
    /// The reason why patterns are left out; empty: none is.
    const std::string& pattern_fault() const noexcept { return patterns_->fault(); }

private:
    friend class term_matcher;
    struct term {
        std::string category, action;
        bool is_pattern = false;
    };
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    template <class T>
    using index = std::unordered_map<std::string, T, hash, std::equal_to<>>;
    /// The terms whose first words are those on the way to it; the first one is the beginning of all.
    struct node {
        std::string word;
        index<std::size_t> words;                ///< the next nodes by their word
        index<std::vector<std::size_t>> shapes;  ///< the same by its shape
        std::vector<std::size_t> terms;          ///< that end here
    };
    std::size_t next_of(std::size_t node, const std::string& word);

    std::string json_;
    std::vector<term> terms_;
    std::vector<node> nodes_{1};
    std::vector<std::string> first_shapes_;  ///< of the first words, sorted
    std::shared_ptr<const pattern_set> patterns_;
    std::vector<std::size_t> pattern_terms_;  ///< of each pattern, its number in terms_
    std::size_t widest_blocking_ = 0;         ///< bytes of the longest match of a pattern that blocks
};

/// The list in force. Remembers its verdicts on texts that come again and again, such as a personality: each version of
/// one is screened once by a list. One thread.
class term_screen {
public:
    /// Another list replaces the one in force, and its verdicts; false: it is the same.
    bool load(std::string_view json);

    const std::shared_ptr<const blocked_terms>& in_force() const noexcept { return terms_; }
    verdict check(std::string_view utf8) const { return terms_->screen(utf8); }
    /// Valid until the next call.
    const verdict& check_known(std::string_view utf8);

private:
    static constexpr std::size_t most = 4096;
    std::shared_ptr<const blocked_terms> terms_ = std::make_shared<const blocked_terms>();
    std::unordered_map<std::string, verdict> known_;  ///< by digests: nobody finds two texts with one
};

}  // namespace airi::safety
