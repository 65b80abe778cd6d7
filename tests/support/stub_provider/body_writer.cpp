#include "tests/support/stub_provider/body_writer.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace airi::stub_provider {

body_writer::body_writer(const script& plan)
    : eol_(plan.has(fault::crlf) ? "\r\n" : "\n"),
      colon_(plan.has(fault::no_space) ? ":" : ": "),
      bom_(plan.has(fault::bom)) {}

void body_writer::sse(std::string_view event, std::string_view data) {
    frame_.clear();
    if (!event.empty()) frame_.append("event").append(colon_).append(event).append(eol_);
    frame_.append("data").append(colon_).append(data).append(eol_).append(eol_);
    chunk(frame_);
}

void body_writer::sse_comment(std::string_view text) {
    frame_.assign(": ").append(text).append(eol_).append(eol_);
    chunk(frame_);
}

void body_writer::line(std::string_view json) {
    frame_.assign(json).append(eol_);
    chunk(frame_);
}

void body_writer::chunk(std::string_view payload) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    const bool marked = std::exchange(bom_, false);
    std::array<char, 16> size{};
    const auto length = payload.size() + (marked ? byte_order_mark.size() : 0);
    const auto end = std::to_chars(size.data(), size.data() + size.size(), length, 16).ptr;
    bytes_.append(size.data(), end).append("\r\n");
    if (marked) bytes_.append(byte_order_mark);
    bytes_.append(payload).append("\r\n");
}

void body_writer::raw(std::string_view bytes) { bytes_.append(bytes); }

void body_writer::end(std::string_view trailer) { bytes_.append("0\r\n").append(trailer).append("\r\n"); }

}  // namespace airi::stub_provider
