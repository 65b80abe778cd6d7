// Any bytes as a request head: an accepted request must be valid, and nothing may crash.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/transport/http_request.hpp"
#include "gateway/transport/http_target.hpp"
#include "gateway/transport/trace.hpp"
#include "platform/base/utf8.hpp"

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
    require(request_id_from(head.request.id) == head.request.id);
    if (refused) {
        require(refused->status >= 400 && refused->status < 600);
        return 0;
    }
    require(!has_bad_line(raw));
    require(head.request.path.starts_with('/') && airi::is_utf8(head.request.path));
    require(head.request.path.find('\0') == std::string::npos);
    require(head.request.header("transfer-encoding").empty());
    require(!head.request.header("host").empty());
    require(traceparent_from(head.request.traceparent) == head.request.traceparent);
    for (const auto& [name, value] : head.request.query) require(airi::is_utf8(name) && airi::is_utf8(value));
    for (const auto& [name, value] : head.request.headers) {
        require(!name.empty() && airi::is_utf8(value));
        require(value.find_first_of("\r\n") == std::string::npos && value.find('\0') == std::string::npos);
    }
    return 0;
}
