#include "platform/text/normalise.hpp"

#include <algorithm>
#include <array>

#include "platform/text/code_points.hpp"
#include "platform/text/letters.hpp"

namespace airi::text {
namespace {

struct point {
    char32_t code = 0;
    character kind = character::separator;
};

constexpr std::size_t longest_word = 64;  // what is longer is cut: no word of a language, and no rule, has more

character ascii_kind(char32_t c) {
    if (c >= 'a' && c <= 'z') return character::letter;
    return c >= '0' && c <= '9' ? character::digit : character::separator;
}

// Signs that stand for a letter when letters are beside them.
bool stands_for_letter(char32_t c) { return c == '@' || c == '$' || c == '!' || c == '|' || c == '+' || c == '*'; }
bool is_apostrophe(char32_t c) {
    return c == '\'' || c == 0x2019 || c == 0x2BC || c == 0x2018 || c == '`' || c == 0xB4;
}
bool ends_sentence(char32_t c) {
    return c == '.' || c == '!' || c == '?' || c == ';' || c == ':' || c == '\n' || c == 0x2026 || c == 0x3002 ||
           c == 0x61F || c == 0xBF || c == 0xA1;
}
bool is_quote(char32_t c) {
    return c == '"' || c == 0x201C || c == 0x201D || c == 0x201E || c == 0xAB || c == 0xBB || c == 0x201F ||
           c == 0x300C || c == 0x300D;
}

std::vector<point> points_of(std::string_view utf8) {
    std::vector<point> out;
    out.reserve(utf8.size());
    if (std::all_of(utf8.begin(), utf8.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
        for (const char c : utf8) {
            const auto lower = static_cast<char32_t>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
            out.push_back({lower, ascii_kind(lower)});
        }
        return out;
    }
    const auto text = folded(utf8);
    bool drops_marks = false;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        const auto kind = c < 0x80 ? ascii_kind(c) : kind_of(c);
        if (kind == character::mark && drops_marks) continue;
        if (kind != character::mark) drops_marks = c < 0x80 || has_accents(c);
        out.push_back({c, kind});
    }
    return out;
}

// Builds the words one character after the other.
class scanner {
public:
    explicit scanner(std::vector<point> points) : points_(std::move(points)) {
        out_.letters.reserve(points_.size() * 2);
        out_.words.reserve(points_.size() / 4 + 1);
    }

    normalised finish() {
        scan();
        join_single_letters();
        unquote_whole();
        return std::move(out_);
    }

    part finish_part() {
        const bool ends_in_word = scan();
        return {std::move(out_), std::move(separators_), ends_in_word};
    }

private:
    character kind(std::size_t at) const { return at < points_.size() ? points_[at].kind : character::separator; }
    bool wordlike(std::size_t at) const {
        const auto k = kind(at);
        return k == character::letter || k == character::digit || k == character::mark;
    }
    bool letter(std::size_t at) const { return kind(at) == character::letter; }

    // Whether the text ends in a word.
    bool scan() {
        for (at_ = 0; at_ < points_.size(); ++at_) step();
        const bool in_word = !word_.empty();
        end_word();
        return in_word;
    }

    void step() {
        const char32_t c = points_[at_].code;
        if (wordlike(at_)) {
            word_.push_back(points_[at_]);
            return;
        }
        const bool inside = !word_.empty() && wordlike(at_ + 1);
        if (is_apostrophe(c) && inside) return;
        if (stands_for_letter(c) && (inside ? letter(at_ + 1) && letter(at_ - 1) : word_.empty() && sign_first(c))) {
            word_.push_back(points_[at_]);
            return;
        }
        end_word();
        if (points_[at_].kind == character::emoji) return add_emoji(c);
        if (is_quote(c) || (is_apostrophe(c) && quotes(c))) {
            quoted_ = !quoted_;
            raise(gap::soft);
        } else if (ends_sentence(c)) {
            raise(gap::stop);
        } else if (c != ' ' && c != '\t' && c != '\r' && c != 0xA0) {
            raise(gap::soft);
        }
        separator_ = after_word_ == at_ ? c : char32_t{0};
    }

    // "$uicide", but not "$5" and not "@name" of one who is named.
    bool sign_first(char32_t c) const { return c == '$' && letter(at_ + 1); }

    // A single quote opens before a word when another closes behind one; apostrophes within words never come here.
    bool quotes(char32_t c) {
        if (single_) return single_ = false, true;
        if (!wordlike(at_ + 1)) return false;
        for (auto i = at_ + 2; i < points_.size(); ++i)
            if (is_apostrophe(points_[i].code) && wordlike(i - 1) && !wordlike(i + 1)) return single_ = true;
        return c == 0x2018 && (single_ = true);
    }

    void raise(gap to) { before_ = std::max(before_, to); }

    void add_emoji(char32_t c) {
        word made;
        made.begin = static_cast<std::uint32_t>(out_.letters.size());
        append_code_point(out_.letters, c);
        made.length = static_cast<std::uint16_t>(out_.letters.size() - made.begin);
        made.emoji = true;
        push(made);
    }

    void push(word made) {
        made.before = before_;
        made.quoted = quoted_;
        before_ = gap::space;
        out_.words.push_back(made);
        separators_.push_back(separator_);
        separator_ = 0;
        after_word_ = at_;
    }

    void end_word() {
        if (word_.empty()) return;
        const bool latin = std::any_of(word_.begin(), word_.end(),
            [](const point& p) { return p.code < 0x80 ? p.kind == character::letter : is_latin(p.code); });
        bool letters = false, digits = false, signs = false, thrice = false, replaced = false;
        word made;
        made.begin = static_cast<std::uint32_t>(out_.letters.size());
        char32_t last = 0;
        std::size_t run = 0, count = 0;
        for (auto [code, kind] : word_) {
            if (code >= 0x80 && (latin || code >= 0x1F000))
                if (const char plain = lookalike(code)) {
                    code = static_cast<char32_t>(plain);
                    replaced = true;
                }
            letters = letters || kind == character::letter;
            digits = digits || kind == character::digit;
            signs = signs || kind == character::separator;
            run = code == last ? run + 1 : 1;
            last = code;
            if (run > 2 && kind != character::digit) {
                thrice = true;
                continue;
            }
            if (++count > longest_word) break;
            append_code_point(out_.letters, code);
        }
        made.length = static_cast<std::uint16_t>(out_.letters.size() - made.begin);
        if ((letters && (digits || signs)) || thrice || replaced)
            add_shape(made);
        else if (!latin)
            add_posed_shape(made);
        push(made);
        word_.clear();
    }

    void add_shape(word& w) { set_shape(w, shape_of(out_.text(w))); }

    void set_shape(word& w, std::string_view shape) {
        w.shape = static_cast<std::uint32_t>(out_.letters.size());
        w.shape_length = static_cast<std::uint16_t>(shape.size());
        out_.letters += shape;
    }

    // A word of another script, all of whose letters look like Latin ones, may be meant as a Latin word.
    void add_posed_shape(word& w) {
        if (word_.size() < 3) return;
        std::string posed;
        for (const auto& p : word_)
            if (const char plain = p.code >= 0x80 ? lookalike(p.code) : '\0')
                posed += plain;
            else
                return;
        set_shape(w, shape_of(posed));
    }

    // "d.i.e" and "d i e": three or more single letters, each the same separator apart, are one word. The pronoun
    // before letters that are spaces apart stays a word.
    void join_single_letters() {
        auto& words = out_.words;
        const auto single = [&](std::size_t i) { return words[i].length == 1 && !words[i].emoji; };
        std::vector<word> joined;
        bool changed = false;
        for (std::size_t i = 0; i < words.size(); ++i) {
            std::size_t end = i + 1;
            if (single(i))
                while (end < words.size() && single(end) && separators_[end] != 0 &&
                       separators_[end] == separators_[i + 1])
                    ++end;
            if (end - i > 3 && separators_[i + 1] == ' ' && out_.text(words[i]) == "i") end = i + 1;
            if (end - i < 3) {
                joined.push_back(words[i]);
                continue;
            }
            word made = words[i];
            made.begin = static_cast<std::uint32_t>(out_.letters.size());
            for (auto k = i; k < end; ++k) out_.letters += out_.letters[words[k].begin];
            made.length = static_cast<std::uint16_t>(end - i);
            add_shape(made);
            joined.push_back(made);
            changed = true;
            i = end - 1;
        }
        if (changed) words = std::move(joined);
    }

    // Marks around everything quote nobody.
    void unquote_whole() {
        auto& words = out_.words;
        if (std::all_of(words.begin(), words.end(), [](const word& w) { return w.quoted; }))
            for (auto& w : words) w.quoted = false;
    }

    std::vector<point> points_;
    std::vector<point> word_;
    std::vector<char32_t> separators_;  // the one character between a word and the word before it, else 0
    normalised out_;
    std::size_t at_ = 0, after_word_ = 0;
    char32_t separator_ = 0;
    gap before_ = gap::space;
    bool quoted_ = false, single_ = false;
};

constexpr auto shapes = [] {
    std::array<char, 128> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(i);
    constexpr std::string_view pairs = "li1i|i!i0o3e4a@a5s$s7t+t8b9gvu";
    for (std::size_t i = 0; i < pairs.size(); i += 2) out[static_cast<std::size_t>(pairs[i])] = pairs[i + 1];
    return out;
}();

}  // namespace

std::string normalised::plain() const {
    std::string out;
    for (const auto& w : words) {
        if (!out.empty()) out += ' ';
        out += text(w);
    }
    return out;
}

std::string shape_of(std::string_view word) {
    std::string out;
    out.reserve(word.size());
    for (const char c : word) {
        if (c == '*') continue;
        const auto byte = static_cast<unsigned char>(c);
        const char mapped = byte < 0x80 ? shapes[byte] : c;
        if (byte >= 0x80 || out.empty() || out.back() != mapped) out += mapped;
    }
    return out;
}

std::string latin_shape_of(std::string_view word) {
    std::string latin;
    for (std::size_t at = 0; at < word.size();) {
        const char32_t c = next_code_point(word, at);
        if (const char plain = c >= 0x80 ? lookalike(c) : '\0')
            latin += plain;
        else
            append_code_point(latin, c);
    }
    return shape_of(latin);
}

normalised normalise(std::string_view utf8) { return scanner(points_of(utf8)).finish(); }

part normalise_part(std::string_view utf8) { return scanner(points_of(utf8)).finish_part(); }

// An ASCII character that is never within a word and composes with nothing.
bool divides_parts(char c) noexcept {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x80 || (code >= '0' && code <= '9')) return false;
    const bool letter = (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
    return !letter && !is_apostrophe(code) && !stands_for_letter(code);
}

}  // namespace airi::text
