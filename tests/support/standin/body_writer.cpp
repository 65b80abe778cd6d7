#include "tests/support/standin/body_writer.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace airi::standin {

body_writer::body_writer(const script& how)
    : x_eol(how.has(fault::crlf) ? "\r\n" : "\n"),
      x_colon(how.has(fault::no_space) ? ":" : ": "),
      x_bom(how.has(fault::bom)) {}

void body_writer::sse(std::string_view event, std::string_view data) {
    x_frame.clear();
    if (!event.empty()) x_frame.append("event").append(x_colon).append(event).append(x_eol);
    x_frame.append("data").append(x_colon).append(data).append(x_eol).append(x_eol);
    chunk(x_frame);
}

void body_writer::sse_comment(std::string_view text) {
    x_frame.assign(": ").append(text).append(x_eol).append(x_eol);
    chunk(x_frame);
}

void body_writer::line(std::string_view json) {
    x_frame.assign(json).append(x_eol);
    chunk(x_frame);
}

void body_writer::chunk(std::string_view payload) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    const bool marked = std::exchange(x_bom, false);
    std::array<char, 16> size{};
    const auto length = payload.size() + (marked ? byte_order_mark.size() : 0);
    const auto end = std::to_chars(size.data(), size.data() + size.size(), length, 16).ptr;
    x_bytes.append(size.data(), end).append("\r\n");
    if (marked) x_bytes.append(byte_order_mark);
    x_bytes.append(payload).append("\r\n");
}

void body_writer::raw(std::string_view bytes) { x_bytes.append(bytes); }

void body_writer::end(std::string_view trailer) { x_bytes.append("0\r\n").append(trailer).append("\r\n"); }

}  // namespace airi::standin
