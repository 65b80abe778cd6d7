// Finds blocked terms in words that come one after the other. Used by blocked_terms for whole texts, by term_stream for
// those that grow.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
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
    explicit term_matcher(const blocked_terms& terms) : terms_(&terms) {}

    /// The next word of the text, as text::normalised has it; `begin` is its place there.
    void add(std::string_view text, std::string_view shape, std::size_t begin);
    /// The text has ended: what has begun to match is no term.
    void clear() { begun_.clear(); }

    /// The most severe action of the terms found so far.
    verdict found() const;
    /// The place of the first blocking term to be complete.
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
    /// Whether the first word of any term has a shape that begins so.
    bool may_begin(std::string_view shape) const;

private:
    struct candidate {
        std::size_t node, begin;
        match so_far;
    };
    void go_on(const candidate&, std::string_view text, std::string_view shape);
    void enter(candidate);

    const blocked_terms* terms_;
    std::vector<candidate> begun_;
    std::map<std::size_t, match> found_;  // by the number of the term
    std::optional<std::size_t> blocked_at_;
};

}  // namespace airi::safety
