#include "platform/safety/term_stream.hpp"

#include <algorithm>

#include "platform/text/code_points.hpp"
#include "platform/text/normalise.hpp"

namespace airi::safety {
namespace {

constexpr std::size_t long_part = 256;  // bytes: no word of a language

}  // namespace

term_stream::term_stream(std::shared_ptr<const blocked_terms> terms) : terms_(std::move(terms)), matcher_(*terms_) {}

void term_stream::append(std::string_view piece) {
    if (blocks()) return;
    if (terms_->empty()) {
        checked_ = size_ += piece.size();
        return;
    }
    for (std::size_t from = 0, at = 0; at <= piece.size() && !blocks(); ++at) {
        const bool ended = at == piece.size();
        const bool divides = !ended && text::divides_parts(piece[at]);
        if (!ended && (!divides || !open_has_text_)) {
            open_has_text_ = open_has_text_ || !divides;
            continue;
        }
        open_ += piece.substr(from, at - from);
        size_ += at - from;
        from = at;
        if (!ended) end_part();
    }
    // A part that has no end is not read again for each of its pieces.
    if (!blocks() && open_.size() > long_part && open_.size() < open_read_ + open_read_ / 8) return;
    open_read_ = open_.size();
    update_checked();
}

void term_stream::finish() {
    if (blocks()) return;
    end_part();
    end_letters();
    if (!blocks()) matcher_.finish();
    update_checked();
}

void term_stream::end_part() {
    const auto part = text::normalise_part(open_);
    for (std::size_t i = 0; i < part.words.words.size(); ++i) {
        const auto& word = part.words.words[i];
        const auto separator = i == 0 && !part_ended_in_word_ ? U'\0' : part.separators[i];
        add_word(part.words.text(word), part.words.shape(word), word.emoji, separator);
    }
    part_ended_in_word_ = part.ends_in_word;
    open_begin_ += open_.size();
    open_.clear();
    open_read_ = 0;
    open_has_text_ = false;
}

// Which single letters may be one word is decided as in text::normalise().
void term_stream::add_word(std::string_view text, std::string_view shape, bool emoji, char32_t separator) {
    const bool single = text.size() == 1 && !emoji;
    if (!letters_.empty()) {
        const bool differs = letters_.size() > 1 && separator != between_letters_;
        if (single && separator != 0 && differs && letters_.size() == 2) {
            drop_first_letter();
        } else if (!single || separator == 0 || differs) {
            end_letters();
        }
    }
    if (single) {
        if (!letters_.empty()) between_letters_ = separator;
        letters_ += text;
        letter_begins_.push_back(open_begin_);
    } else if (!emoji) {
        matcher_.add(text, shape, open_begin_);
    }
}

void term_stream::drop_first_letter() {
    matcher_.add(letters_.substr(0, 1), {}, letter_begins_.front());
    letters_.erase(0, 1);
    letter_begins_.erase(letter_begins_.begin());
}

void term_stream::end_letters() {
    std::string apart;
    for (const char letter : letters_) {
        if (!apart.empty()) text::append_code_point(apart, between_letters_);
        apart += letter;
    }
    const auto joined = text::normalise(apart);
    std::size_t at = 0;
    for (const auto& word : joined.words) {
        matcher_.add(joined.text(word), joined.shape(word), letter_begins_[at]);
        at = std::min<std::size_t>(at + word.length, letters_.size() - 1);
    }
    letters_.clear();
    letter_begins_.clear();
}

// Two letters may turn out to be words of their own; so may an "i" before others.
bool term_stream::letters_may_begin(std::size_t from) const {
    const auto rest = std::string_view(letters_).substr(from);
    if (matcher_.may_begin(text::shape_of(rest))) return true;
    return (letters_.size() < 3 || rest.front() == 'i') && matcher_.may_begin(text::shape_of(rest.substr(0, 1)));
}

bool term_stream::letters_may_continue(std::string_view shape) const {
    if (shape.starts_with(text::shape_of(letters_))) return true;
    return (letters_.size() < 3 || letters_.front() == 'i') && shape.starts_with(text::shape_of(letters_.substr(0, 1)));
}

void term_stream::update_checked() {
    matcher_.search_patterns();
    const auto part = text::normalise_part(open_);
    const auto& words = part.words.words;
    const auto first = std::ranges::find(words, false, &text::word::emoji);
    // A longer word, or another separator, ends the letters before it.
    if (!letters_.empty() && !words.empty() &&
        ((first == words.begin() && first->length > 1) || !part_ended_in_word_ || part.separators.front() == 0))
        end_letters();

    auto held = size_;
    const auto hold_from = [&](std::optional<std::size_t> place) { held = std::min(held, place.value_or(held)); };
    hold_from(matcher_.blocked_at());
    hold_from(matcher_.begun_at([&](std::string_view shape) {
        if (!letters_.empty()) return letters_may_continue(shape);
        if (first == words.end()) return true;
        const auto text = part.words.text(*first);
        return shape.starts_with(text::shape_of(text)) || shape.starts_with(text::latin_shape_of(text));
    }));
    for (std::size_t i = 0; i < letters_.size(); ++i) {
        if (i > 0 && letters_.size() > 2 && letters_[i - 1] != 'i') break;
        if (letters_may_begin(i)) hold_from(letter_begins_[i]);
    }
    hold_from(matcher_.pattern_begun_at());
    if (matcher_.holds_for_patterns()) {
        if (!letters_.empty()) hold_from(letter_begins_.front());
        if (!words.empty()) hold_from(open_begin_);
    }
    if (open_.ends_with('$')) hold_from(open_begin_);  // "$uicide"
    for (const auto& word : words) {
        if (word.emoji) continue;
        const auto text = part.words.text(word);
        if (matcher_.may_begin(text::shape_of(text)) || matcher_.may_begin(text::latin_shape_of(text)))
            hold_from(open_begin_);
    }
    checked_ = std::max(checked_, held);
}

}  // namespace airi::safety
