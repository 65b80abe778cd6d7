#include "gateway/transport/chunked_body.hpp"

#include <algorithm>

namespace airi::gateway {
namespace {

constexpr int max_digits = 8;
constexpr std::size_t max_excess = 16 * 1024;  // as in Go's net/http, whose rule this is
constexpr std::size_t usual_line = 16;

int digit_of(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_text(char c) noexcept { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; }

}  // namespace

chunked_body::state chunked_body::begin_chunk() {
    if (left_ > limit_ - length_) return state::too_large;
    excess_ += line_;
    excess_ -= std::min(excess_, usual_line + 2 * left_);
    line_ = 0;
    digits_ = 0;
    at_ = left_ == 0 ? at::last_end : at::data;
    return state::more;
}

// One byte of a line; `more` unless the body ends or is refused with it.
chunked_body::state chunked_body::take(char c) {
    const auto expect = [&](char wanted, at next) {
        at_ = next;
        return c == wanted ? state::more : state::malformed;
    };
    switch (at_) {
        case at::size:
            if (const int digit = digit_of(c); digit >= 0) {
                if (++digits_ > max_digits) return state::too_large;
                left_ = left_ * 16 + static_cast<std::size_t>(digit);
                return state::more;
            }
            if (digits_ == 0) return state::malformed;
            return c == ';' ? expect(';', at::extension) : expect('\r', at::size_end);
        case at::extension:
            if (c == '\r') return expect('\r', at::size_end);
            return is_text(c) ? state::more : state::malformed;
        case at::size_end: return c == '\n' ? begin_chunk() : state::malformed;
        case at::data_end: return expect('\r', at::data_line_end);
        case at::data_line_end: return expect('\n', at::size);
        case at::last_end: return expect('\r', at::last_line_end);
        case at::last_line_end: return c == '\n' ? state::done : state::malformed;
        case at::data: break;
    }
    return state::malformed;
}

chunked_body::state chunked_body::feed(std::string_view bytes, std::string& body, std::size_t& used) {
    used = 0;
    while (used < bytes.size()) {
        if (at_ != at::data) {
            if (excess_ + ++line_ > max_excess) return state::malformed;
            if (const auto now = take(bytes[used++]); now != state::more) return now;
            continue;
        }
        const auto piece = bytes.substr(used, left_);
        body += piece;
        used += piece.size();
        length_ += piece.size();
        left_ -= piece.size();
        if (left_ == 0) at_ = at::data_end;
    }
    return state::more;
}

}  // namespace airi::gateway
