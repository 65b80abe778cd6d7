#include "tests/support/stub_provider/http_request.hpp"

#include <algorithm>
#include <charconv>

#include "tests/support/stub_provider/text.hpp"

namespace airi::stub_provider {
namespace {

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
        [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    return out;
}

std::string_view take_line(std::string_view& vendor) {
    const auto end = vendor.find("\r\n");
    const std::string_view line = vendor.substr(0, end);
    vendor.remove_prefix(end == std::string_view::npos ? vendor.size() : end + 2);
    return line;
}

}  // namespace

std::string_view http_request::field(std::string_view lower_name) const {
    for (const auto& [name, value] : fields) {
        if (name == lower_name) return value;
    }
    return {};
}

std::optional<http_request> parse_head(std::string_view head) {
    const std::string_view first = take_line(head);
    const auto one = first.find(' ');
    const auto two = first.rfind(' ');
    if (one == std::string_view::npos || two <= one || !first.substr(two + 1).starts_with("HTTP/1.")) {
        return std::nullopt;
    }
    http_request out;
    out.method = first.substr(0, one);
    const std::string_view target = first.substr(one + 1, two - one - 1);
    const auto question = target.find('?');
    out.path = target.substr(0, question);
    if (question != std::string_view::npos) out.query = target.substr(question + 1);
    while (!head.empty()) {
        const std::string_view line = take_line(head);
        if (line.empty()) break;
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        out.fields.emplace_back(lowered(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }
    const std::string connection = lowered(out.field("connection"));
    out.keep_alive = first.ends_with("1.1") ? connection != "close" : connection == "keep-alive";
    return out;
}

std::optional<std::size_t> take_chunked(std::string_view bytes, std::string& body) {
    std::string gathered;
    std::size_t at = 0;
    while (true) {
        const auto line_end = bytes.find("\r\n", at);
        if (line_end == std::string_view::npos) return 0;
        std::size_t size = 0;
        const char* const end = bytes.data() + line_end;
        const auto [stop, failed] = std::from_chars(bytes.data() + at, end, size, 16);
        if (failed != std::errc{} || (stop != end && *stop != ';')) return std::nullopt;
        at = line_end + 2;
        if (size == 0) {
            const auto last = bytes.substr(at).starts_with("\r\n") ? at : bytes.find("\r\n\r\n", at);
            if (last == std::string_view::npos) return 0;
            body = std::move(gathered);
            return last + (last == at ? 2 : 4);
        }
        if (size > bytes.size() || bytes.size() - at < size + 2) return 0;
        gathered += bytes.substr(at, size);
        at += size + 2;
    }
}

}  // namespace airi::stub_provider
