#include "platform/http/sse.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace airi::http {

error_code sse_parser::push(std::string_view bytes, std::vector<sse_event>& out) {
    while (!failed_ && !bytes.empty()) {
        if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
            bytes.remove_prefix(1);
            continue;
        }
        const auto end = bytes.find_first_of("\r\n");
        const auto line = bytes.substr(0, end);
        if (partial_.size() + line.size() > most_) {
            failed_ = true;
        } else if (end == std::string_view::npos) {
            partial_ += line;
            break;
        } else {
            after_cr_ = bytes[end] == '\r';
            bytes.remove_prefix(end + 1);
            if (partial_.empty()) {
                failed_ = !take_line(line, out);
            } else {
                partial_ += line;
                failed_ = !take_line(partial_, out);
                partial_.clear();
            }
        }
    }
    return failed_ ? make_error_code(errc::malformed) : error_code{};
}

bool sse_parser::take_line(std::string_view line, std::vector<sse_event>& out) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (std::exchange(first_line_, false) && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    if (line.empty()) {
        if (std::exchange(has_data_, false)) {
            next_.data.pop_back();  // the LF after the last data line
            if (next_.type.empty()) next_.type = "message";
            auto id = next_.id;
            out.push_back(std::exchange(next_, {}));
            next_.id = std::move(id);
        }
        next_.type.clear();
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
        if (next_.data.size() + value.size() > most_) return false;
        next_.data.append(value) += '\n';
        has_data_ = true;
    } else if (name == "event") {
        next_.type = value;
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) next_.id = value;
    } else if (name == "retry") {
        long long ms = 0;
        const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), ms);
        const bool digits = std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
        if (digits && ec == std::errc() && end == value.data() + value.size()) retry_ = milliseconds(ms);
    }
    return true;
}

}  // namespace airi::http
