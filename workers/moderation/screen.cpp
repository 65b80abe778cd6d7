#include "workers/moderation/screen.hpp"

#include <algorithm>
#include <array>

namespace airi::workers::moderation {
namespace {

struct fold {
    char32_t letter;
    char latin;
};
// Letters of other scripts that look like Latin ones (Unicode TR39 confusables, the common few), and leet digits.
constexpr std::array folds{
    fold{U'а', 'a'},
    fold{U'с', 'c'},
    fold{U'е', 'e'},
    fold{U'і', 'i'},
    fold{U'ј', 'j'},
    fold{U'о', 'o'},
    fold{U'р', 'p'},
    fold{U'ѕ', 's'},
    fold{U'у', 'y'},
    fold{U'х', 'x'},
    fold{U'α', 'a'},
    fold{U'ε', 'e'},
    fold{U'ι', 'i'},
    fold{U'ο', 'o'},
    fold{U'ρ', 'p'},
    fold{U'τ', 't'},
    fold{U'υ', 'u'},
    fold{U'А', 'a'},
    fold{U'В', 'b'},
    fold{U'Е', 'e'},
    fold{U'К', 'k'},
    fold{U'М', 'm'},
    fold{U'Н', 'h'},
    fold{U'О', 'o'},
    fold{U'Р', 'p'},
    fold{U'С', 'c'},
    fold{U'Т', 't'},
    fold{U'Х', 'x'},
};

// The next code point of valid UTF-8 (the gateway rejects anything else); an invalid byte counts as itself.
char32_t next(std::string_view text, std::size_t& position) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const unsigned c = byte(position);
    const std::size_t length = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    char32_t out = length == 1 ? c : c & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(position + i) & 0xC0) != 0x80) return ++position, c;
        out = out << 6 | (byte(position + i) & 0x3F);
    }
    position += length;
    return out;
}

bool invisible(char32_t c) {
    return c == 0xAD || (c >= 0x200B && c <= 0x200F) || c == 0x2060 || c == 0xFEFF || (c >= 0x300 && c <= 0x36F) ||
           (c >= 0x202A && c <= 0x202E);
}

void append(std::string& out, char32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | c >> 6);
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | c >> 12);
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | c >> 18);
        out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    }
}

std::string without_leet(std::string text) {
    for (char& c : text) {
        switch (c) {
            case '0': c = 'o'; break;
            case '1': c = 'i'; break;
            case '3': c = 'e'; break;
            case '4': c = 'a'; break;
            case '5': c = 's'; break;
            case '7': c = 't'; break;
            default: break;
        }
    }
    return text;
}

// "b a d" → "bad": runs of single letters joined.
std::string joined_letters(std::string_view text) {
    std::string out;
    std::size_t start = 0;
    bool last_single = false;
    while (start <= text.size()) {
        const auto space = std::min(text.find(' ', start), text.size());
        const auto word = text.substr(start, space - start);
        const bool single = word.size() == 1;
        if (!out.empty() && !(single && last_single)) out += ' ';
        out += word;
        last_single = single;
        start = space + 1;
    }
    return out;
}

bool contains_word(std::string_view text, std::string_view word) {
    for (auto position = text.find(word); position != std::string_view::npos;
        position = text.find(word, position + 1)) {
        const bool starts = position == 0 || text[position - 1] == ' ';
        const bool ends = position + word.size() == text.size() || text[position + word.size()] == ' ';
        if (starts && ends) return true;
    }
    return false;
}

int severity(std::string_view action) {
    return action == "block" ? 3 : action == "review" ? 2 : action == "warn" ? 1 : 0;
}

}  // namespace

std::string normalise(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool gap = false;
    for (std::size_t position = 0; position < text.size();) {
        char32_t c = next(text, position);
        if (invisible(c)) continue;
        if (c >= 0xFF01 && c <= 0xFF5E) c = c - 0xFF01 + '!';
        if (c >= 0x80)
            for (const auto& f : folds)
                if (f.letter == c) c = static_cast<char32_t>(f.latin);
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
        if (c == '@') c = 'a';
        if (c == '$') c = 's';
        const bool letter = c >= 0x80 ? c > 0xBF && c != 0x3000 && !(c >= 0x2000 && c <= 0x206F)
                                      : (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'';
        if (!letter) {
            gap = !out.empty();
            continue;
        }
        if (gap) out += ' ';
        gap = false;
        append(out, c);
    }
    return out;
}

verdict screen(std::string_view text, const std::vector<term>& terms) {
    const auto plain = normalise(text);
    const auto joined = joined_letters(plain);
    const auto unleet = without_leet(joined);
    verdict out;
    for (const auto& t : terms) {
        const bool exact = contains_word(plain, t.text);
        if (!exact && !contains_word(joined, t.text) && !contains_word(unleet, t.text)) continue;
        if (std::find(out.categories.begin(), out.categories.end(), t.category) == out.categories.end())
            out.categories.push_back(t.category);
        if (severity(t.action) <= severity(out.action)) continue;
        const auto own = std::find(out.categories.begin(), out.categories.end(), t.category);
        std::rotate(out.categories.begin(), own, own + 1);
        out.action = t.action;
        out.confidence = exact ? 1.0 : 0.8;
        out.reason = "blocked_term:" + t.category;
    }
    return out;
}

}  // namespace airi::workers::moderation
