#include "platform/safety/blocked_terms.hpp"

#include <algorithm>

#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/safety/term_matcher.hpp"
#include "platform/text/normalise.hpp"

namespace airi::safety {
namespace {

std::string text_of(json::value value) { return std::string(value.string().value_or("")); }

}  // namespace

bool verdict::outweighs(const verdict& other) const { return severity_of(action) > severity_of(other.action); }

blocked_terms::blocked_terms(std::string_view json) : json_(json) {
    std::vector<std::string> patterns;
    const auto add = [&](json::value row, bool is_pattern) {
        auto& added = terms_.emplace_back(text_of(row["category"]), text_of(row["action"]), is_pattern);
        if (added.category == "self_harm") added.action = "warn";
        return terms_.size() - 1;
    };
    const auto read = [&](json::value row) {
        if (row["pattern"].boolean().value_or(false)) {
            pattern_terms_.push_back(add(row, true));
            patterns.push_back(text_of(row["term"]));
            return;
        }
        const auto words = text::normalise(row["term"].string().value_or(""));
        if (words.words.empty()) return;
        first_shapes_.push_back(text::shape_of(words.text(words.words.front())));
        std::size_t at = 0;
        for (const auto& word : words.words) at = next_of(at, std::string(words.text(word)));
        nodes_[at].terms.push_back(add(row, false));
    };
    if (const auto parsed = json::document::parse(json)) parsed->root().each(read);
    std::ranges::sort(first_shapes_);
    patterns_ = std::make_shared<const pattern_set>(patterns);
    for (std::size_t i = 0; i < patterns.size(); ++i)
        if (terms_[pattern_terms_[i]].action == "block")
            widest_blocking_ = std::max(widest_blocking_, patterns_->width_of(i));
}

std::size_t blocked_terms::next_of(std::size_t from, const std::string& word) {
    const auto [found, is_new] = nodes_[from].words.emplace(word, nodes_.size());
    const auto next = found->second;
    if (is_new) {
        nodes_[from].shapes[text::shape_of(word)].push_back(next);
        nodes_.emplace_back().word = word;
    }
    return next;
}

verdict blocked_terms::screen(std::string_view utf8) const {
    const auto text = text::normalise(utf8);
    term_matcher matcher(*this);
    for (const auto& word : text.words)
        if (!word.emoji) matcher.add(text.text(word), text.shape(word), word.begin);
    matcher.finish();
    return matcher.found();
}

bool term_screen::load(std::string_view json) {
    if (json == terms_->json()) return false;
    terms_ = std::make_shared<const blocked_terms>(json);
    known_.clear();
    return true;
}

const verdict& term_screen::check_known(std::string_view utf8) {
    auto key = digest::sha256(utf8);
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
    if (known_.size() >= most) known_.clear();
    return known_.emplace(std::move(key), check(utf8)).first->second;
}

}  // namespace airi::safety
