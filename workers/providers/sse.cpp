#include "workers/providers/sse.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace airi::workers::providers {

error_code sse_parser::push(std::string_view bytes, std::vector<sse_event>& out) {
    while (!x_failed && !bytes.empty()) {
        if (std::exchange(x_after_cr, false) && bytes.front() == '\n') {
            bytes.remove_prefix(1);
            continue;
        }
        const auto end = bytes.find_first_of("\r\n");
        const auto line = bytes.substr(0, end);
        if (x_partial.size() + line.size() > x_most) {
            x_failed = true;
        } else if (end == std::string_view::npos) {
            x_partial += line;
            break;
        } else {
            x_after_cr = bytes[end] == '\r';
            bytes.remove_prefix(end + 1);
            if (x_partial.empty()) {
                x_failed = !take_line(line, out);
            } else {
                x_partial += line;
                x_failed = !take_line(x_partial, out);
                x_partial.clear();
            }
        }
    }
    return x_failed ? make_error_code(errc::malformed) : error_code{};
}

bool sse_parser::take_line(std::string_view line, std::vector<sse_event>& out) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (std::exchange(x_first_line, false) && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    if (line.empty()) {
        if (std::exchange(x_has_data, false)) {
            x_next.data.pop_back();  // the LF after the last data line
            if (x_next.type.empty()) x_next.type = "message";
            auto id = x_next.id;
            out.push_back(std::exchange(x_next, {}));
            x_next.id = std::move(id);
        }
        x_next.type.clear();
        return true;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return take_field(line, {});
    auto value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    return take_field(line.substr(0, colon), value);
}

// A comment is a field without a name, and like every unknown field it is passed over.
bool sse_parser::take_field(std::string_view name, std::string_view value) {
    if (name == "data") {
        if (x_next.data.size() + value.size() > x_most) return false;
        x_next.data.append(value) += '\n';
        x_has_data = true;
    } else if (name == "event") {
        x_next.type = value;
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) x_next.id = value;
    } else if (name == "retry") {
        long long ms = 0;
        const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), ms);
        const bool digits = std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
        if (digits && ec == std::errc() && end == value.data() + value.size()) x_retry = milliseconds(ms);
    }
    return true;
}

}  // namespace airi::workers::providers
