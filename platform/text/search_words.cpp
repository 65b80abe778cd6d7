#include "platform/text/search_words.hpp"

#include <array>

#include "platform/text/code_points.hpp"
#include "platform/text/letters.hpp"

namespace airi::text {
namespace {

constexpr std::size_t longest_word = 256;  // bytes; what is longer is cut, in texts and queries alike

// A whole word: marks go where they are optional, and Latin letters without a decomposition become plain.
std::string folded_word(std::string_view raw) {
    const auto decomposed = folded(raw);
    std::string out;
    bool drops_marks = false;
    for (std::size_t at = 0; at < decomposed.size();) {
        const char32_t c = next_code_point(decomposed, at);
        if (c < 0x80) {
            drops_marks = true;
            out += static_cast<char>(c);
            continue;
        }
        const auto kind = search_kind_of(c);
        if (kind == search_kind::ignored || (kind == search_kind::mark && drops_marks)) continue;
        if (kind != search_kind::mark) drops_marks = has_optional_marks(c);
        const char plain = is_latin(c) || c >= 0x1F000 ? lookalike(c) : '\0';
        append_code_point(out, plain ? static_cast<char32_t>(plain) : c);
    }
    return out;
}

struct letter {
    search_kind kind = search_kind::separator;
    std::string text;
};

// The letters that are folded one by one, without ICU: Latin, Greek, Cyrillic, Armenian, Hebrew and Arabic.
class letter_table {
public:
    letter_table() {
        for (char32_t c = 0; c < letters_.size(); ++c) {
            auto& made = letters_[c];
            const auto code = code_of(c);
            made.kind = search_kind_of(code);
            if (made.kind == search_kind::mark) made.kind = search_kind::ignored;  // its letter is in this table
            if (made.kind != search_kind::letter) continue;
            append_code_point(made.text, code);
            made.text = folded_word(made.text);
        }
    }

    const letter* find(char32_t c) const {
        if (c < middle) return &letters_[c];
        return c >= high_first && c <= high_last ? &letters_[c - high_first + middle] : nullptr;
    }

private:
    static constexpr char32_t middle = 0x700, high_first = 0x1E00, high_last = 0x1FFF;
    static char32_t code_of(char32_t index) { return index < middle ? index : index - middle + high_first; }
    std::array<letter, middle + (high_last - high_first + 1)> letters_;
};

// Characters that are their own folded form, nearly all of what is written with ideographs.
bool is_folded_ideograph(char32_t c) {
    return (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FA) || c == 0x30FC ||
           (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3);
}

class scanner {
public:
    explicit scanner(std::string_view text) : text_(text) { out_.reserve(text.size() / 5 + 1); }

    std::vector<search_word> finish() {
        static const letter_table table;
        while (at_ < text_.size()) {
            begin_ = at_;
            const char32_t c = next_code_point(text_, at_);
            if (const auto* simple = table.find(c))
                add(simple->kind, simple->text);
            else if (is_folded_ideograph(c))
                add_ideograph();
            else
                add(search_kind_of(c), {});
        }
        end_word();
        return std::move(out_);
    }

private:
    std::string_view raw(std::size_t begin) const { return text_.substr(begin, at_ - begin); }

    // `simple` is empty for a character that is folded with its whole word.
    void add(search_kind kind, std::string_view simple) {
        switch (kind) {
            case search_kind::letter: return add_letter(simple);
            case search_kind::mark: return add_mark();
            case search_kind::ignored:
                if (in_word_) word_.end = offset(at_);
                return;
            case search_kind::ideograph:
                add_ideograph();
                out_.back().text = composed(folded(raw(begin_)));
                return;
            case search_kind::emoji:
                end_word();
                out_.push_back({std::string(raw(begin_)), offset(begin_), offset(at_)});
                return;
            case search_kind::separator: return end_word();
        }
    }

    void add_letter(std::string_view simple) {
        if (!in_word_) {
            end_word();
            in_word_ = true;
            word_ = {{}, offset(begin_), 0};
        }
        if (simple.empty()) whole_ = true;
        word_.text += simple;
        word_.end = offset(at_);
    }

    void add_mark() {
        if (in_word_) {
            whole_ = true;
            word_.end = offset(at_);
        } else if (in_ideographs_) {
            auto& last = out_.back();
            last.end = offset(at_);
            last.text = composed(folded(raw(last.begin)));
        }
    }

    void add_ideograph() {
        const bool attached = in_ideographs_;
        end_word();
        out_.push_back({std::string(raw(begin_)), offset(begin_), offset(at_), true, attached});
        in_ideographs_ = true;
    }

    void end_word() {
        in_ideographs_ = false;
        if (!in_word_) return;
        in_word_ = false;
        if (whole_) word_.text = folded_word(text_.substr(word_.begin, word_.end - word_.begin));
        whole_ = false;
        if (word_.text.empty()) return;
        if (word_.text.size() > longest_word) {
            auto cut = longest_word;
            while ((static_cast<unsigned char>(word_.text[cut]) & 0xC0) == 0x80) --cut;
            word_.text.resize(cut);
        }
        out_.push_back(std::move(word_));
    }

    static std::uint32_t offset(std::size_t at) { return static_cast<std::uint32_t>(at); }

    std::string_view text_;
    std::size_t begin_ = 0, at_ = 0;
    std::vector<search_word> out_;
    search_word word_;            // while in_word_
    bool in_word_ = false;        // a word is not complete
    bool whole_ = false;          // it has a character that the table does not fold
    bool in_ideographs_ = false;  // the last word is an ideograph that the next character may follow
};

}  // namespace

std::vector<search_word> search_words(std::string_view utf8) { return scanner(utf8).finish(); }

}  // namespace airi::text
