#include "platform/safety/term_matcher.hpp"

#include <algorithm>
#include <utility>

namespace airi::safety {
int severity_of(std::string_view action) noexcept {
    return action == "block" ? 3 : action == "review" ? 2 : action == "warn" ? 1 : 0;
}

void term_matcher::add(std::string_view text, std::string_view shape, std::size_t begin) {
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
        if (terms_->terms_[id].action == "block" && !blocked_at_) blocked_at_ = one.begin;
    }
    if (!node.words.empty()) begun_.push_back(one);
}

verdict term_matcher::found() const {
    verdict out;
    for (const auto& [id, how] : found_) {
        const auto& [category, action] = terms_->terms_[id];
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
