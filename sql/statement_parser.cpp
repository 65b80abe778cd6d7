#include "sql/statement_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace airi::sql {
namespace {

constexpr std::string_view marker = "-- name:";
constexpr std::string_view batch_mark = " (batch)";

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool word(char c) { return letter(c) || digit(c) || c == '$' || static_cast<unsigned char>(c) >= 0x80; }
bool space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && space(text.front())) text.remove_prefix(1);
    while (!text.empty() && space(text.back())) text.remove_suffix(1);
    return text;
}

bool is_name(std::string_view name) {
    const auto dot = name.find('.');
    if (dot == 0 || dot == std::string_view::npos || name.back() == '.') return false;
    return std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || digit(c) || c == '_' || c == '.'; });
}

// The lexical rules are in PostgreSQL's manual, 4.1 (lexical structure).
class file_parser {
public:
    file_parser(std::string_view file, std::string_view text) : file_(file), text_(text) {}

    std::vector<postgres::prepared> run() {
        while (at_ < text_.size()) step();
        finish();
        return std::move(out_);
    }

private:
    [[noreturn]] void fail(std::size_t where, std::string_view what) const {
        const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(where), '\n');
        throw std::invalid_argument(fmt::format("{}:{}: {}", file_, line, what));
    }

    char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    bool follows(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
    bool after_word() const { return at_ > 0 && word(text_[at_ - 1]); }

    void step() {
        const char c = peek();
        if ((at_ == 0 || text_[at_ - 1] == '\n') && follows(marker)) return start();
        if (follows("--")) return void(at_ = std::min(text_.find('\n', at_), text_.size()));
        if (follows("/*")) return block_comment();
        if (space(c)) return keep(1);
        if (!open_) fail(at_, "text before the first `-- name:`");
        if (ended_) fail(at_, "a second statement under one name");
        if (c == ';') return void((ended_ = true, ++at_));
        if (c == '\'') return quoted('\'', escaping_prefix());
        if (c == '"') return quoted('"', false);
        if (c == '$' && !after_word()) return dollar();
        if (c == ':') return colon();
        keep(1);
    }

    void keep(std::size_t count) {
        if (open_ && !ended_) body_ += text_.substr(at_, count);
        at_ += count;
    }

    void start() {
        finish();
        const auto end = std::min(text_.find('\n', at_), text_.size());
        auto name = trimmed(text_.substr(at_ + marker.size(), end - at_ - marker.size()));
        const bool batch = name.ends_with(batch_mark);
        if (batch) name.remove_suffix(batch_mark.size());
        if (!is_name(name)) fail(at_, "a name is domain.verb in lower case");
        if (std::ranges::find(out_, name, &postgres::prepared::name) != out_.end())
            fail(at_, fmt::format("{} is defined twice", name));
        out_.push_back({std::string(name), {}, {}, batch});
        started_ = at_;
        at_ = end;
        open_ = true;
        ended_ = false;
    }

    void finish() {
        if (!open_) return;
        out_.back().text = trimmed(body_);
        if (out_.back().text.empty()) fail(started_, fmt::format("{} has no statement", out_.back().name));
        body_.clear();
    }

    void block_comment() {
        const auto from = at_;
        int depth = 0;
        do {
            if (at_ >= text_.size()) fail(from, "the comment is not closed");
            if (follows("/*"))
                ++depth, at_ += 2;
            else if (follows("*/"))
                --depth, at_ += 2;
            else
                ++at_;
        } while (depth > 0);
        if (open_ && !ended_) body_ += ' ';
    }

    // Backslashes escape in E'…' only.
    bool escaping_prefix() const {
        return at_ > 0 && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E') && (at_ < 2 || !word(text_[at_ - 2]));
    }

    void quoted(char mark, bool escapes) {
        auto end = at_ + 1;
        for (;; ++end) {
            if (end >= text_.size()) fail(at_, "the quotation is not closed");
            if (escapes && text_[end] == '\\')
                ++end;
            else if (text_[end] == mark && end + 1 < text_.size() && text_[end + 1] == mark)
                ++end;
            else if (text_[end] == mark)
                break;
        }
        keep(end + 1 - at_);
    }

    void dollar() {
        if (digit(peek(1))) fail(at_, "parameters are named, not numbered");
        auto end = at_ + 1;
        while (end < text_.size() && text_[end] != '$' && word(text_[end])) ++end;
        if (end >= text_.size() || text_[end] != '$') return keep(1);
        const auto tag = text_.substr(at_, end + 1 - at_);
        const auto close = text_.find(tag, end + 1);
        if (close == std::string_view::npos) fail(at_, "the quotation is not closed");
        keep(close + tag.size() - at_);
    }

    void colon() {
        if (peek(1) == ':' || peek(1) == '=') return keep(2);
        if (!letter(peek(1))) return keep(1);
        auto end = at_ + 1;
        while (end < text_.size() && (letter(text_[end]) || digit(text_[end]))) ++end;
        const auto name = text_.substr(at_ + 1, end - at_ - 1);
        auto& names = out_.back().parameters;
        const auto found = std::ranges::find(names, name);
        const auto number = found - names.begin() + 1;
        if (found == names.end()) names.emplace_back(name);
        body_ += fmt::format("${}", number);
        at_ = end;
    }

    std::string_view file_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t started_ = 0;
    bool open_ = false;
    bool ended_ = false;
    std::string body_;
    std::vector<postgres::prepared> out_;
};

}  // namespace

std::vector<postgres::prepared> parse(std::string_view file, std::string_view text) {
    return file_parser(file, text).run();
}

}  // namespace airi::sql
