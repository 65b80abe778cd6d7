// A text that grows, checked for blocked terms as it comes: what may be shown, and what has been found. Pure. Used by
// the chat worker for replies.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "platform/safety/blocked_terms.hpp"
#include "platform/safety/term_matcher.hpp"

namespace airi::safety {

/// Finds what blocked_terms::screen() finds in the whole text. Each byte is read once; the unfinished word once for
/// each piece.
class term_stream {
public:
    explicit term_stream(std::shared_ptr<const blocked_terms>);

    /// The next piece: whole characters of UTF-8. After a blocking term it is ignored.
    void append(std::string_view piece);
    /// No other piece follows.
    void finish();

    /// The length of the text that may be shown: no term begins in it, whatever follows, but for those that only warn
    /// and are complete. It never shrinks. The rest may be the beginning of a term, also of a disguised one.
    std::size_t checked() const noexcept { return checked_; }
    bool blocks() const noexcept { return matcher_.blocked_at().has_value(); }
    /// Of the terms complete so far; a term at the end of the text is complete when another word begins, or with
    /// finish().
    verdict found() const { return matcher_.found(); }

private:
    void end_part();
    void add_word(std::string_view text, std::string_view shape, bool emoji, char32_t separator);
    void end_letters();
    void drop_first_letter();
    void update_checked();
    bool letters_may_begin(std::size_t from) const;
    bool letters_may_continue(std::string_view shape) const;

    std::shared_ptr<const blocked_terms> terms_;
    term_matcher matcher_;
    std::size_t size_ = 0, checked_ = 0;
    std::string open_;  // the part that has not ended
    std::size_t open_begin_ = 0, open_read_ = 0;
    bool open_has_text_ = false, part_ended_in_word_ = false;
    std::string letters_;  // single letters that may be one word ("d i e")
    std::vector<std::size_t> letter_begins_;
    char32_t between_letters_ = 0;
};

}  // namespace airi::safety
