#include "platform/safety/term_matcher.hpp"

#include <algorithm>
#include <utility>

namespace airi::safety {
int severity_of(std::string_view action) noexcept {
    return action == "block" ? 3 : action == "review" ? 2 : action == "warn" ? 1 : 0;
}

term_matcher::term_matcher(const blocked_terms& terms) : terms_(&terms) {
    if (!terms.pattern_terms_.empty()) patterns_.emplace(*terms.patterns_);
}

void term_matcher::add(std::string_view text, std::string_view shape, std::size_t begin) {
    if (patterns_) {
        places_.push_back({length_, begin});
        unsearched_.append(text) += ' ';
        length_ += text.size() + 1;
    }
    for (const auto& one : std::exchange(begun_, {})) go_on(one, text, shape);
    go_on({0, begin, match::exact}, text, shape);
}

// A disguise has no fewer letters than the word: "k1" is none of "kill".
void term_matcher::go_on(const candidate& one, std::string_view text, std::string_view shape) {
    const auto& node = terms_->nodes_[one.node];
    if (const auto same = node.words.find(text); same != node.words.end())
        enter({same->second, one.begin, shape.empty() ? one.so_far : match::disguised});
    if (shape.empty()) return;
    const auto alike = node.shapes.find(shape);
    if (alike == node.shapes.end()) return;
    for (const auto next : alike->second)
        if (const auto& word = terms_->nodes_[next].word; word != text && text.size() >= word.size())
            enter({next, one.begin, match::disguised});
}

void term_matcher::enter(candidate one) {
    const auto& node = terms_->nodes_[one.node];
    for (const auto id : node.terms) {
        auto& found = found_[id];
        found = std::max(found, one.so_far);
        if (terms_->terms_[id].action == "block") block_at(one.begin);
    }
    if (!node.words.empty()) begun_.push_back(one);
}

void term_matcher::search_patterns() {
    if (unsearched_.empty()) return;
    for (const auto& [pattern, end] : patterns_->add(unsearched_)) {
        const auto id = terms_->pattern_terms_[pattern];
        const auto width = std::min(end, terms_->patterns_->width_of(pattern));
        found_[id] = match::exact;
        if (terms_->terms_[id].action == "block") block_at(place_of(end - width));
    }
    unsearched_.clear();
    const auto oldest = length_ - std::min(length_, 2 * pattern_set::widest);
    const auto first = std::ranges::upper_bound(places_, oldest, {}, &word_place::at);
    if (first != places_.begin()) places_.erase(places_.begin(), first - 1);
}

void term_matcher::finish() {
    search_patterns();
    begun_.clear();
    places_.clear();
}

// The place in the text of the word to which a byte of all words belongs.
std::size_t term_matcher::place_of(std::size_t at) const {
    const auto after = std::ranges::upper_bound(places_, at, {}, &word_place::at);
    return after == places_.begin() ? places_.front().begin : (after - 1)->begin;
}

std::optional<std::size_t> term_matcher::pattern_begun_at() const {
    if (!holds_for_patterns() || places_.empty()) return std::nullopt;
    return place_of(length_ - std::min(length_, terms_->widest_blocking_));
}

verdict term_matcher::found() const {
    verdict out;
    for (const auto& [id, how] : found_) {
        const auto& [category, action, is_pattern] = terms_->terms_[id];
        if (std::ranges::find(out.categories, category) == out.categories.end()) out.categories.push_back(category);
        if (severity_of(action) <= severity_of(out.action)) continue;
        const auto own = std::ranges::find(out.categories, category);
        std::rotate(out.categories.begin(), own, own + 1);
        out.action = action;
        out.confidence = how == match::exact ? 1.0 : 0.8;
        out.reason = (is_pattern ? "blocked_pattern:" : "blocked_term:") + category;
    }
    return out;
}

bool term_matcher::may_begin(std::string_view shape) const {
    const auto& all = terms_->first_shapes_;
    const auto at = std::ranges::lower_bound(all, shape, {}, [](const std::string& s) { return std::string_view(s); });
    return at != all.end() && at->starts_with(shape);
}

}  // namespace airi::safety
