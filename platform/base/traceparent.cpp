#include "platform/base/traceparent.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "platform/base/ids.hpp"

namespace airi {
namespace {

bool is_hex(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) noexcept { return is_hex(text) && text.find_first_not_of('0') != text.npos; }

void append_hex(std::string& out, const std::uint8_t* bytes, std::size_t count) {
    static constexpr char digits[] = "0123456789abcdef";
    for (std::size_t i = 0; i < count; ++i) {
        out += digits[bytes[i] >> 4];
        out += digits[bytes[i] & 15];
    }
}

// The second half of a version 7 UUID is random but for its two variant bits.
void append_span_id(std::string& out, const uuid& fresh) { append_hex(out, fresh.bytes.data() + 8, 8); }

}  // namespace

bool is_traceparent(std::string_view text) noexcept {
    return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
           is_id(trace_id_of(text)) && is_id(span_id_of(text)) && is_hex(text.substr(53));
}

std::string new_traceparent(bool sampled) {
    const auto when = now();
    const auto trace = uuid::v7(when), span = uuid::v7(when);
    std::string out;
    out.reserve(55);
    out += "00-";
    append_hex(out, trace.bytes.data(), trace.bytes.size());
    out += '-';
    append_span_id(out, span);
    return out += sampled ? "-01" : "-00";
}

std::string new_span_id() {
    std::string out;
    append_span_id(out, uuid::v7());
    return out;
}

}  // namespace airi
