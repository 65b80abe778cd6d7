#include "sql/search.hpp"

#include <algorithm>

#include "platform/base/ascii.hpp"
#include "platform/base/markup.hpp"

namespace airi::sql::search {
namespace {

using text::search_word;

constexpr std::size_t last_position = 16'382;  // Postgres has one more, for all positions beyond
constexpr std::size_t vector_bytes = 1'000'000;

struct lexeme {
    std::string text;
    std::size_t position = 0;  // from 1; 0: none
};

// Calls `each` until it returns false. Ideographs are pairs, and with `alone` single ones too, else only those that
// have no neighbour.
void lexemes_of(const std::vector<search_word>& words, bool alone, const auto& each) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto& word = words[i];
        const bool paired = i + 1 < words.size() && words[i + 1].attached;
        if (word.ideograph && (alone || (!paired && !word.attached)))
            if (!each(lexeme{word.text, 0})) return;
        if (word.ideograph && !paired) continue;
        if (!each(lexeme{paired ? word.text + words[i + 1].text : word.text, i + 1})) return;
    }
}

void append_quoted(std::string& out, std::string_view text) {
    out += '\'';
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += c;
        out += c;
    }
    out += '\'';
}

// Words in a row, as an operand.
std::string row_of(const std::vector<search_word>& words) {
    std::string out;
    std::size_t last = 0, count = 0;
    lexemes_of(words, false, [&](const lexeme& one) {
        if (++count > 1)
            out += last && one.position ? " <" + std::to_string(one.position - last) + "> " : std::string(" & ");
        append_quoted(out, one.text);
        last = one.position;
        return true;
    });
    return count > 1 ? "(" + out + ")" : out;
}

bool is_blank(std::string_view text, std::size_t at) {
    return text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r';
}

struct term {
    std::string_view text;
    bool negated = false, quoted = false;
};

// The next term from `at` on, which moves behind it; empty at the end.
term next_term(std::string_view typed, std::size_t& at) {
    term out;
    while (at < typed.size() && is_blank(typed, at)) ++at;
    while (at < typed.size() && typed[at] == '-') out.negated = true, ++at;
    out.quoted = at < typed.size() && typed[at] == '"';
    const auto begin = at += out.quoted;
    while (at < typed.size() && typed[at] != '"' && (out.quoted || !is_blank(typed, at))) ++at;
    out.text = typed.substr(begin, at - begin);
    if (out.quoted && at < typed.size()) ++at;
    return out;
}

struct range {
    std::size_t begin = 0, end = 0;
};

// Where the words stand in a row, as places among `found`.
void add_places(
    std::vector<range>& places, const std::vector<search_word>& found, const std::vector<search_word>& row) {
    const auto same = [](const search_word& a, const search_word& b) { return a.text == b.text; };
    for (auto at = found.begin();; ++at) {
        at = std::search(at, found.end(), row.begin(), row.end(), same);
        if (at == found.end()) return;
        const auto first = static_cast<std::size_t>(at - found.begin());
        places.push_back({first, first + row.size() - 1});
    }
}

// As few ranges as there can be, in order; those that touch are one.
std::vector<range> united(std::vector<range> all) {
    std::ranges::sort(all, {}, &range::begin);
    std::vector<range> out;
    for (const auto& one : all)
        if (!out.empty() && one.begin <= out.back().end)
            out.back().end = std::max(out.back().end, one.end);
        else
            out.push_back(one);
    return out;
}

}  // namespace

std::string vector_of(std::string_view content) {
    std::string out;
    std::size_t bytes = 0;
    lexemes_of(text::search_words(content), true, [&](const lexeme& one) {
        bytes += one.text.size() + (one.position ? 5 : 1);
        if (bytes > vector_bytes) return false;
        if (!out.empty()) out += ' ';
        append_quoted(out, one.text);
        // Positions begin again where they end, so that words in a row are found in a long text too.
        if (one.position) out += ':' + std::to_string((one.position - 1) % last_position + 1);
        return true;
    });
    return out;
}

query::query(std::string_view typed) {
    std::string_view between;
    for (std::size_t at = 0; at < typed.size();) {
        const auto [text, negated, quoted] = next_term(typed, at);
        if (!text_.empty() && !quoted && !negated && same_text(text, "or")) {
            between = " | ";
            continue;
        }
        auto row = text::search_words(text);
        if (row.empty()) continue;
        text_ += between;
        text_ += (negated ? "!" : "") + row_of(row);
        between = " & ";
        if (!negated) wanted_.push_back(std::move(row));
    }
}

std::string query::highlighted(std::string_view content) const {
    constexpr std::size_t words_before = 8, words_after = 24, most_parts = 2;
    const auto found = text::search_words(content);
    std::vector<range> matches;
    for (const auto& row : wanted_) add_places(matches, found, row);
    matches = united(std::move(matches));

    std::vector<range> parts;
    for (const auto& match : matches) {
        const range part{match.begin - std::min(match.begin, words_before), match.end + words_after};
        if (!parts.empty() && part.begin <= parts.back().end + 1) continue;
        if (parts.size() == most_parts) break;
        parts.push_back(part);
    }
    if (parts.empty()) parts.push_back({0, words_before + words_after});

    // From here on in bytes.
    std::string out;
    std::size_t at = 0, match = 0;
    for (const auto& part : parts) {
        const auto begin = part.begin == 0 ? 0 : found[part.begin].begin;
        const auto end = part.end + 1 >= found.size() ? content.size() : found[part.end].end;
        if (begin > at) out += out.empty() ? "… " : " … ";
        at = begin;
        for (; match < matches.size() && found[matches[match].begin].begin < end; ++match) {
            const range marked{found[matches[match].begin].begin, found[matches[match].end].end};
            append_content(out, content.substr(at, marked.begin - at));
            out += "<mark>";
            append_content(out, content.substr(marked.begin, marked.end - marked.begin));
            out += "</mark>";
            at = marked.end;
        }
        if (end > at) append_content(out, content.substr(at, end - at)), at = end;
    }
    if (at < content.size()) out += " …";
    return out;
}

}  // namespace airi::sql::search
