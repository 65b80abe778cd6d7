#include "gateway/transport/trace.hpp"

#include <algorithm>

#include "platform/base/ids.hpp"

namespace airi::gateway {
namespace {

bool is_id_letter(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

bool is_hex(std::string_view text) noexcept {
    return std::all_of(
        text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// https://www.w3.org/TR/trace-context/#traceparent-header: 00-<trace id>-<parent id>-<flags>, ids not all
// zero.
bool is_traceparent(std::string_view text) noexcept {
    if (text.size() != 55 || !text.starts_with("00-") || text[35] != '-' || text[52] != '-') return false;
    const auto trace = text.substr(3, 32), parent = text.substr(36, 16);
    return is_hex(trace) && is_hex(parent) && is_hex(text.substr(53)) && trace.find_first_not_of('0') != trace.npos &&
           parent.find_first_not_of('0') != parent.npos;
}

void append_hex(std::string& out, const std::uint8_t* bytes, std::size_t count) {
    static constexpr char digits[] = "0123456789abcdef";
    for (std::size_t i = 0; i < count; ++i) {
        out += digits[bytes[i] >> 4];
        out += digits[bytes[i] & 15];
    }
}

}  // namespace

std::string request_id_from(std::string_view given) {
    const bool good = !given.empty() && given.size() <= 64 && std::all_of(given.begin(), given.end(), is_id_letter);
    return good ? std::string(given) : uuid::v7().text();
}

std::string traceparent_from(std::string_view given) {
    if (is_traceparent(given)) return std::string(given);
    const auto when = now();
    const auto trace = uuid::v7(when), parent = uuid::v7(when);
    std::string out;
    out.reserve(55);
    out += "00-";
    append_hex(out, trace.bytes.data(), 16);
    out += '-';
    // The second half of a version 7 UUID is random but for its two variant bits.
    append_hex(out, parent.bytes.data() + 8, 8);
    return out += "-01";
}

}  // namespace airi::gateway
