#include "bench/client/http.hpp"

#include <charconv>
#include <utility>

namespace airi::bench {
namespace {

std::string_view header(std::string_view head, std::string_view lower_case_name) {
    for (auto at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
        const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        const auto colon = line.find(':');
        if (colon != lower_case_name.size()) continue;
        bool same = true;
        for (std::size_t i = 0; i < colon; ++i)
            same &= (line[i] | 0x20) == lower_case_name[i] || line[i] == lower_case_name[i];
        if (!same) continue;
        const auto value = line.find_first_not_of(' ', colon + 1);
        return value == line.npos ? std::string_view() : line.substr(value);
    }
    return {};
}

}  // namespace

std::string http_link::get(std::string_view path, std::string_view token) {
    std::string out = "GET ";
    return out.append(path)
        .append(" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ")
        .append(token)
        .append("\r\n\r\n");
}

std::string http_link::post(
    std::string_view path, std::string_view token, std::string_view body, std::string_view headers) {
    std::string out = "POST ";
    out.append(path).append(" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer ");
    out.append(token).append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n");
    return out.append(headers).append("\r\n").append(body);
}

std::size_t http_link::received(std::string_view bytes) {
    std::size_t used = 0;
    for (;;) {
        const auto rest = bytes.substr(used);
        if (status_ == 0) {
            const auto head = read_head(rest);
            if (head == 0) return used;
            used += head;
        } else if (chunked_) {
            const auto chunk = read_chunk(rest);
            if (chunk == 0) return used;
            used += chunk;
        } else {
            if (rest.size() < length_) return used;
            used += length_;
            const auto body = rest.substr(0, length_);
            on_answer(std::exchange(status_, 0), body);
        }
        if (!is_open()) return used;
    }
}

std::size_t http_link::read_head(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == bytes.npos || bytes.size() < 12) return 0;
    const auto head = bytes.substr(0, end + 2);
    std::from_chars(head.data() + 9, head.data() + 12, status_);
    chunked_ = header(head, "transfer-encoding").starts_with("chunked");
    const auto length = header(head, "content-length");
    length_ = 0;
    std::from_chars(length.data(), length.data() + length.size(), length_);
    return end + 4;
}

std::size_t http_link::read_chunk(std::string_view bytes) {
    const auto line = bytes.find("\r\n");
    if (line == bytes.npos) return 0;
    std::size_t size = 0;
    std::from_chars(bytes.data(), bytes.data() + line, size, 16);
    const auto whole = line + 2 + size + 2;
    if (bytes.size() < whole) return 0;
    if (size > 0 && on_piece) on_piece(bytes.substr(line + 2, size));
    if (size == 0) on_answer(std::exchange(status_, 0), {});
    return whole;
}

}  // namespace airi::bench
