// Finds blocked terms in words that come one after the other. Used by blocked_terms for whole texts, by term_stream for
// those that grow.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/safety/blocked_terms.hpp"

namespace airi::safety {

/// allow 0, warn 1, review 2, block 3.
int severity_of(std::string_view action) noexcept;

/// How the words of a text stand for those of a term.
enum class match { none, disguised, exact };

class term_matcher {
public:
    /// The terms must outlive the object.
    explicit term_matcher(const blocked_terms&);

    /// The next word of the text, as text::normalised has it; `begin` is its place there.
    void add(std::string_view text, std::string_view shape, std::size_t begin);
    /// Looks for the patterns in the words added since the last call.
    void search_patterns();
    /// The text has ended: what has begun to match is no term.
    void finish();

    /// The most severe action of the terms found so far.
    verdict found() const;
    /// The place of the first blocking term, or match of a pattern, to be complete.
    std::optional<std::size_t> blocked_at() const noexcept { return blocked_at_; }

    /// The first place of a term that has begun and whose next word `may_follow`, which is asked for that word's shape.
    template <class Test>
    std::optional<std::size_t> begun_at(Test may_follow) const {
        std::optional<std::size_t> out;
        for (const auto& one : begun_)
            if (!out || one.begin < *out)
                for (const auto& [shape, nodes] : terms_->nodes_[one.node].shapes)
                    if (may_follow(shape)) {
                        out = one.begin;
                        break;
                    }
        return out;
    }
    /// True when the first word of any term has a shape that begins so.
    bool may_begin(std::string_view shape) const;
    /// True when any word may be part of the match of a blocking pattern.
    bool holds_for_patterns() const noexcept { return terms_->widest_blocking_ > 0; }
    /// The first place of a match of a blocking pattern that ends in words that are not added yet.
    std::optional<std::size_t> pattern_begun_at() const;

private:
    struct candidate {
        std::size_t node, begin;
        match so_far;
    };
    void go_on(const candidate&, std::string_view text, std::string_view shape);
    void enter(candidate);
    void block_at(std::size_t place) { blocked_at_ = std::min(place, blocked_at_.value_or(place)); }
    std::size_t place_of(std::size_t at_word) const;

    struct word_place {
        std::size_t at, begin;  ///< in all words, in the text
    };

    const blocked_terms* terms_;
    std::vector<candidate> begun_;
    std::map<std::size_t, match> found_;  // by the number of the term
    std::optional<std::size_t> blocked_at_;
    std::optional<pattern_stream> patterns_;  // none: the list has no patterns
    std::string unsearched_;                  // words, one space behind each
    std::size_t length_ = 0;                  // of all words
    std::vector<word_place> places_;          // of the words in which a match may begin, in order
};

}  // namespace airi::safety
