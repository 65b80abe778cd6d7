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
    const auto parsed = json::document::parse(json);
    if (!parsed) return;
    parsed->root().each([&](json::value row) {
        const auto words = text::normalise(row["term"].string().value_or(""));
        term made{{}, {}, text_of(row["category"]), text_of(row["action"])};
        for (const auto& word : words.words) {
            made.words.emplace_back(words.text(word));
            made.shapes.push_back(text::shape_of(made.words.back()));
        }
        if (made.words.empty()) return;
        by_word_[made.words.front()].push_back(terms_.size());
        by_shape_[made.shapes.front()].push_back(terms_.size());
        first_shapes_.push_back(made.shapes.front());
        terms_.push_back(std::move(made));
    });
    std::ranges::sort(first_shapes_);
}

verdict blocked_terms::screen(std::string_view utf8) const {
    const auto text = text::normalise(utf8);
    term_matcher matcher(*this);
    for (const auto& word : text.words)
        if (!word.emoji) matcher.add(text.text(word), text.shape(word), word.begin);
    return matcher.found();
}

void term_screen::load(std::string_view json) {
    if (json == terms_->json()) return;
    terms_ = std::make_shared<const blocked_terms>(json);
    known_.clear();
}

const verdict& term_screen::check_known(std::string_view utf8) {
    auto key = digest::sha256(utf8);
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
    if (known_.size() >= most) known_.clear();
    return known_.emplace(std::move(key), check(utf8)).first->second;
}

}  // namespace airi::safety
