// Any bytes as a request head: an accepted request must be valid, and nothing may crash.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/transport/http_request.hpp"
#include "gateway/transport/http_target.hpp"
#include "gateway/transport/trace.hpp"

using namespace airi::gateway;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view raw(reinterpret_cast<const char*>(data), size);
    request_head head;
    const auto refused = read_head(raw, {}, head);
    require(request_id_from(head.in.id) == head.in.id);
    if (refused) {
        require(refused->status >= 400 && refused->status < 600);
        return 0;
    }
    require(!has_bad_line(raw));
    require(head.in.path.starts_with('/') && is_utf8(head.in.path));
    require(head.in.path.find('\0') == std::string::npos);
    require(head.in.header("transfer-encoding").empty());
    require(!head.in.header("host").empty());
    require(traceparent_from(head.in.traceparent) == head.in.traceparent);
    for (const auto& [name, value] : head.in.query) require(is_utf8(name) && is_utf8(value));
    for (const auto& [name, value] : head.in.headers) {
        require(!name.empty() && is_utf8(value));
        require(value.find_first_of("\r\n") == std::string::npos && value.find('\0') == std::string::npos);
    }
    return 0;
}
