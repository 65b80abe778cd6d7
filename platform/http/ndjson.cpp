#include "platform/http/ndjson.hpp"

#include <utility>

namespace airi::http {

void ndjson_parser::add(std::string line, std::vector<std::string>& out) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (std::exchange(first_line_, false) && line.starts_with(byte_order_mark)) line.erase(0, byte_order_mark.size());
    while (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) out.push_back(std::move(line));
}

error_code ndjson_parser::push(std::string_view bytes, std::vector<std::string>& out) {
    while (!failed_ && !bytes.empty()) {
        const auto end = bytes.find('\n');
        const auto part = bytes.substr(0, end);
        failed_ = partial_.size() + part.size() > most_;
        if (failed_) break;
        partial_ += part;
        if (end == std::string_view::npos) break;
        add(std::exchange(partial_, {}), out);
        bytes.remove_prefix(end + 1);
    }
    return failed_ ? make_error_code(errc::malformed) : error_code{};
}

void ndjson_parser::finish(std::vector<std::string>& out) {
    if (!failed_) add(std::exchange(partial_, {}), out);
}

}  // namespace airi::http
