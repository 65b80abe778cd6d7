#include "platform/safety/blocked_terms.hpp"

#include <algorithm>

#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/text/normalise.hpp"

namespace airi::safety {
namespace {

int severity(std::string_view action) {
    return action == "block" ? 3 : action == "review" ? 2 : action == "warn" ? 1 : 0;
}

std::string text_of(json::value value) { return std::string(value.string().value_or("")); }

enum class match { none, disguised, exact };

// A disguise has no fewer letters than the word: "k1" is none of "kill".
match compare(const text::normalised& text, const text::word& at, std::string_view word, std::string_view shape) {
    const auto disguise = text.shape(at);
    if (text.text(at) == word) return disguise.empty() ? match::exact : match::disguised;
    return disguise == shape && at.length >= word.size() ? match::disguised : match::none;
}

}  // namespace

bool verdict::outweighs(const verdict& other) const { return severity(action) > severity(other.action); }

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
        terms_.push_back(std::move(made));
    });
}

verdict blocked_terms::screen(std::string_view utf8) const {
    auto text = text::normalise(utf8);
    auto& words = text.words;
    std::erase_if(words, [](const text::word& word) { return word.emoji; });
    std::vector<match> found(terms_.size(), match::none);
    const auto look = [&](std::size_t at, const index& terms, std::string_view first) {
        const auto same = terms.find(std::string(first));
        if (same == terms.end()) return;
        for (const auto id : same->second) {
            const auto& term = terms_[id];
            if (at + term.words.size() > words.size()) continue;
            auto all = match::exact;
            for (std::size_t i = 0; i < term.words.size(); ++i)
                all = std::min(all, compare(text, words[at + i], term.words[i], term.shapes[i]));
            found[id] = std::max(found[id], all);
        }
    };
    for (std::size_t at = 0; at < words.size(); ++at) {
        look(at, by_word_, text.text(words[at]));
        if (const auto shape = text.shape(words[at]); !shape.empty()) look(at, by_shape_, shape);
    }
    verdict out;
    for (std::size_t id = 0; id < terms_.size(); ++id) {
        if (found[id] == match::none) continue;
        const auto& [own_words, shapes, category, action] = terms_[id];
        if (std::ranges::find(out.categories, category) == out.categories.end()) out.categories.push_back(category);
        if (severity(action) <= severity(out.action)) continue;
        const auto own = std::ranges::find(out.categories, category);
        std::rotate(out.categories.begin(), own, own + 1);
        out.action = action;
        out.confidence = found[id] == match::exact ? 1.0 : 0.8;
        out.reason = "blocked_term:" + category;
    }
    return out;
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
