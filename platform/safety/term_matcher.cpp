#include "platform/safety/term_matcher.hpp"

#include <algorithm>
#include <utility>

namespace airi::safety {
namespace {

// A disguise has no fewer letters than the word: "k1" is none of "kill".
match compare(std::string_view text, std::string_view disguise, std::string_view word, std::string_view shape) {
    if (text == word) return disguise.empty() ? match::exact : match::disguised;
    return disguise == shape && text.size() >= word.size() ? match::disguised : match::none;
}

}  // namespace

int severity_of(std::string_view action) noexcept {
    return action == "block" ? 3 : action == "review" ? 2 : action == "warn" ? 1 : 0;
}

void term_matcher::add(std::string_view text, std::string_view shape, std::size_t begin) {
    for (const auto& one : std::exchange(begun_, {})) go_on(one, text, shape);
    begin_terms(text, shape, begin);
}

void term_matcher::begin_terms(std::string_view text, std::string_view shape, std::size_t begin) {
    if (const auto same = terms_->by_word_.find(std::string(text)); same != terms_->by_word_.end())
        for (const auto id : same->second) go_on({id, 0, begin, match::exact}, text, shape);
    if (shape.empty()) return;
    if (const auto same = terms_->by_shape_.find(std::string(shape)); same != terms_->by_shape_.end())
        for (const auto id : same->second)
            if (terms_->terms_[id].words.front() != text) go_on({id, 0, begin, match::exact}, text, shape);
}

void term_matcher::go_on(candidate one, std::string_view text, std::string_view shape) {
    const auto& term = terms_->terms_[one.term];
    one.so_far = std::min(one.so_far, compare(text, shape, term.words[one.next], term.shapes[one.next]));
    if (one.so_far == match::none) return;
    if (++one.next < term.words.size()) return begun_.push_back(one);
    auto& found = found_[one.term];
    found = std::max(found, one.so_far);
    if (term.action == "block" && !blocked_at_) blocked_at_ = one.begin;
}

verdict term_matcher::found() const {
    verdict out;
    for (const auto& [id, how] : found_) {
        const auto& [own_words, shapes, category, action] = terms_->terms_[id];
        if (std::ranges::find(out.categories, category) == out.categories.end()) out.categories.push_back(category);
        if (severity_of(action) <= severity_of(out.action)) continue;
        const auto own = std::ranges::find(out.categories, category);
        std::rotate(out.categories.begin(), own, own + 1);
        out.action = action;
        out.confidence = how == match::exact ? 1.0 : 0.8;
        out.reason = "blocked_term:" + category;
    }
    return out;
}

bool term_matcher::may_begin(std::string_view shape) const {
    const auto& all = terms_->first_shapes_;
    const auto at = std::ranges::lower_bound(all, shape, {}, [](const std::string& s) { return std::string_view(s); });
    return at != all.end() && at->starts_with(shape);
}

}  // namespace airi::safety
