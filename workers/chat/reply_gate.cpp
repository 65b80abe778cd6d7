#include "workers/chat/reply_gate.hpp"

#include <algorithm>

#include "platform/text/code_points.hpp"

namespace airi::workers::chat {
namespace {

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 0;
}

}  // namespace

std::string unescaped_json::read(std::string_view piece) {
    std::string out;
    for (const char c : piece) {
        if (digits_left_ > 0) {
            code_ = code_ << 4 | static_cast<char32_t>(digit_of(c));
            if (--digits_left_ > 0) continue;
            if (code_ >= 0xDC00 && code_ < 0xE000)
                code_ = high_ ? 0x10000 + (high_ - 0xD800) * 0x400 + code_ - 0xDC00 : U' ';
            high_ = code_ >= 0xD800 && code_ < 0xDC00 ? code_ : U'\0';
            if (!high_) text::append_code_point(out, code_);
        } else if (escaped_) {
            escaped_ = false;
            code_ = 0;
            if (c == 'u')
                digits_left_ = 4;
            else
                out += c == '"' || c == '\\' || c == '/' ? c : ' ';  // a control character
        } else if (c == '\\') {
            escaped_ = true;
        } else {
            out += c;
        }
    }
    return out;
}

reply_gate::reply_gate(std::shared_ptr<const safety::blocked_terms> terms) : terms_(std::move(terms)), text_(terms_) {}

void reply_gate::add(const providers::tool_call_piece& part) {
    while (calls_.size() <= part.index) calls_.push_back({safety::term_stream(terms_)});
    auto& call = calls_[part.index];
    auto text = part.name.empty() ? std::string{} : part.name + ' ';
    text += call.json.read(part.arguments);
    call.terms.append(text);
    call.length += text.size();
    call.parts.emplace_back(call.length, part);
}

void reply_gate::finish() {
    text_.finish();
    for (auto& call : calls_) call.terms.finish();
}

std::vector<providers::tool_call_piece> reply_gate::take_parts() {
    std::vector<providers::tool_call_piece> out;
    for (auto& call : calls_)
        while (!call.parts.empty() && call.parts.front().first <= call.terms.checked()) {
            out.push_back(std::move(call.parts.front().second));
            call.parts.pop_front();
        }
    return out;
}

void reply_gate::end_calls() {
    for (auto& call : calls_)
        if (auto found = call.terms.found(); found.outweighs(earlier_calls_)) earlier_calls_ = std::move(found);
    calls_.clear();
}

bool reply_gate::blocks() const {
    return text_.blocks() || std::ranges::any_of(calls_, [](const call& one) { return one.terms.blocks(); });
}

safety::verdict reply_gate::found() const {
    auto out = text_.found();
    if (earlier_calls_.outweighs(out)) out = earlier_calls_;
    for (const auto& call : calls_)
        if (auto found = call.terms.found(); found.outweighs(out)) out = std::move(found);
    return out;
}

}  // namespace airi::workers::chat
