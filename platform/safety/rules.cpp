#include "platform/safety/rules.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "platform/safety/rule_parts.hpp"
#include "platform/text/normalise.hpp"

namespace airi::safety {

extern const std::span<const embedded_file> rule_files;

namespace {

constexpr std::array<std::string_view, uses> use_names{"high", "medium", "low", "idiom", "first", "other", "negation",
    "post", "pseudo", "stop", "past", "did", "again", "media", "says", "title", "joke", "imminent", "yes", "no", "bad",
    "awful", "good"};
constexpr std::array<std::string_view, categories> category_names{
    "suicide", "self_harm", "violence", "eating_disorder"};

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Reads one file. A pattern: words; (a|b) one of; [a|b] one of or none; @name a macro of the file; _ and _3 up to one
// or three words of any kind; | alternatives.
class reader {
public:
    reader(rule_parts& into, std::string_view file, std::uint8_t language)
        : into_(into), file_(file), language_(language) {}

    void read(std::string_view text) {
        std::string line;
        for (std::size_t number = 1; !text.empty(); ++number) {
            const auto end = std::min(text.find('\n'), text.size());
            const auto more = text.substr(0, end);
            if (!more.starts_with(' ')) {
                read_line(trimmed(line));
                line.clear();
                line_ = number;
            }
            line += more;
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        read_line(trimmed(line));
    }

private:
    [[noreturn]] void fail(const std::string& why) const {
        throw std::invalid_argument(file_ + ":" + std::to_string(line_) + ": " + why);
    }

    void read_line(std::string_view line) {
        if (line.empty() || line.front() == '#') return;
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) fail("no colon");
        const auto head = trimmed(line.substr(0, colon)), body = trimmed(line.substr(colon + 1));
        if (head.front() == '@') {
            auto& macro = macros_[std::string(head.substr(1))];
            if (!macro.empty()) macro += " | ";
            macro += body;
            return;
        }
        if (head == "version") {
            into_.version = body;
            return;
        }
        if (head == "plain") {
            for (const auto& w : words_of(body)) into_.words.add_plain(w);
            return;
        }
        add_rule(head, body);
    }

    void add_rule(std::string_view head, std::string_view body) {
        const auto space = std::min(head.find(' '), head.size());
        const auto what = std::find(use_names.begin(), use_names.end(), head.substr(0, space));
        if (what == use_names.end()) fail("no use is named " + std::string(head));
        rule made;
        made.what = static_cast<use>(what - use_names.begin());
        made.language = language_;
        made.line = static_cast<std::uint16_t>(line_);
        if (made.what <= use::low) {
            const auto about = std::find(category_names.begin(), category_names.end(), trimmed(head.substr(space)));
            if (about == category_names.end()) fail("no category is named " + std::string(head.substr(space)));
            made.about = static_cast<category>(about - category_names.begin());
        } else if (space != head.size()) {
            fail("no category belongs here");
        }
        into_.list.push_back(made);
        const auto number = static_cast<std::uint32_t>(into_.list.size() - 1);
        rest_ = body;
        into_.patterns.accept(alternatives(0), number);
        if (!rest_.empty()) fail("unexpected " + std::string(rest_));
        if (made.what == use::negation)
            for (const auto& w : words_of(body))
                if (is_whole(body, w)) into_.negations.insert(into_.words.add(w));
    }

    // Whether `word` is an alternative of its own in `body`.
    static bool is_whole(std::string_view body, std::string_view word) {
        while (!body.empty()) {
            const auto end = std::min(body.find('|'), body.size());
            if (const auto words = words_of(body.substr(0, end)); words.size() == 1 && words[0] == word) return true;
            body.remove_prefix(std::min(end + 1, body.size()));
        }
        return false;
    }

    static std::vector<std::string> words_of(std::string_view text) {
        const auto normalised = text::normalise(text);
        std::vector<std::string> out;
        for (const auto& w : normalised.words) out.emplace_back(normalised.text(w));
        return out;
    }

    std::uint32_t alternatives(std::uint32_t from) {
        const auto end = into_.patterns.new_state();
        for (;;) {
            const auto begin = into_.patterns.new_state();
            into_.patterns.on_nothing(from, begin);
            const auto last = sequence(begin);
            if (last == begin) fail("an empty alternative");
            into_.patterns.on_nothing(last, end);
            if (rest_.empty() || rest_.front() != '|') return end;
            rest_.remove_prefix(1);
        }
    }

    std::uint32_t sequence(std::uint32_t at) {
        for (;;) {
            rest_ = trimmed(rest_);
            if (rest_.empty() || rest_.front() == '|' || rest_.front() == ')' || rest_.front() == ']') return at;
            const char c = rest_.front();
            if (c == '(' || c == '[') {
                at = group(at, c == '(' ? ')' : ']');
                continue;
            }
            const auto length = std::min(rest_.find_first_of(" |()[]"), rest_.size());
            const auto part = rest_.substr(0, length);
            rest_.remove_prefix(length);
            at = c == '@' ? macro(at, part.substr(1)) : c == '_' ? any(at, part) : literal(at, part);
        }
    }

    std::uint32_t group(std::uint32_t from, char close) {
        rest_.remove_prefix(1);
        const auto end = alternatives(from);
        if (rest_.empty() || rest_.front() != close) fail("a group is not closed");
        rest_.remove_prefix(1);
        if (close == ']') into_.patterns.on_nothing(from, end);
        return end;
    }

    std::uint32_t macro(std::uint32_t from, std::string_view name) {
        const auto found = macros_.find(std::string(name));
        if (found == macros_.end()) fail("no macro is named @" + std::string(name));
        const auto after = rest_;
        rest_ = found->second;
        const auto end = alternatives(from);
        rest_ = after;
        return end;
    }

    std::uint32_t any(std::uint32_t at, std::string_view part) {
        const auto end = into_.patterns.new_state();
        into_.patterns.on_nothing(at, end);
        for (int count = part.size() > 1 ? part[1] - '0' : 1; count > 0; --count) {
            const auto next = into_.patterns.new_state();
            into_.patterns.on_any(at, next);
            into_.patterns.on_nothing(next, end);
            at = next;
        }
        return end;
    }

    std::uint32_t literal(std::uint32_t at, std::string_view part) {
        const auto words = words_of(part);
        if (words.empty()) fail("no word: " + std::string(part));
        for (const auto& word : words) {
            const auto next = into_.patterns.new_state();
            into_.patterns.on_word(at, into_.words.add(word), next);
            at = next;
        }
        return at;
    }

    rule_parts& into_;
    std::string file_;
    std::uint8_t language_;
    std::size_t line_ = 0;
    std::string_view rest_;
    std::map<std::string, std::string> macros_;
};

// FNV-1a: names the text, guards nothing.
std::uint32_t digest(std::uint32_t sum, std::string_view text) {
    for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 16777619u;
    return sum;
}

}  // namespace

std::string_view name_of(level is) noexcept {
    constexpr std::array<std::string_view, 4> names{"none", "low", "medium", "high"};
    return names[static_cast<std::size_t>(is)];
}

std::string_view name_of(category is) noexcept { return category_names[static_cast<std::size_t>(is)]; }

rules::rules(std::span<const embedded_file> files, std::string_view extra) : parts_(std::make_unique<rule_parts>()) {
    std::uint32_t sum = 2166136261u;
    for (const auto& file : files) {
        const auto language = file.name.substr(0, file.name.find('.'));
        auto at = std::find(parts_->languages.begin(), parts_->languages.end(), language);
        if (at == parts_->languages.end()) at = parts_->languages.insert(at, std::string(language));
        reader(*parts_, file.name, static_cast<std::uint8_t>(at - parts_->languages.begin())).read(file.text);
        sum = digest(sum, file.text);
    }
    reader(*parts_, "the profile", 0).read(extra);
    parts_->patterns.finish();
    constexpr std::string_view hex = "0123456789abcdef";
    parts_->version += '-';
    for (int shift = 28; shift >= 0; shift -= 4) parts_->version += hex[digest(sum, extra) >> shift & 15];
}

rules::~rules() = default;
rules::rules(rules&&) noexcept = default;
const std::string& rules::version() const noexcept { return parts_->version; }
const std::vector<std::string>& rules::languages() const noexcept { return parts_->languages; }

std::span<const embedded_file> built_in_files() { return rule_files; }

const rules& built_in() {
    static const rules one(rule_files);
    return one;
}

}  // namespace airi::safety
