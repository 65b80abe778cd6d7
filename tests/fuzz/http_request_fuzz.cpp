// Any bytes as a request head: an accepted request must be valid, whatever its headers name, and nothing may crash.
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/auth/cookies.hpp"
#include "gateway/transport/connection.hpp"
#include "gateway/transport/http_request.hpp"
#include "gateway/transport/http_target.hpp"
#include "gateway/transport/trace.hpp"
#include "platform/base/utf8.hpp"

using namespace airi::gateway;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

// The headers that name the client, its credentials and this server.
void check_headers(std::string_view raw, const request& request) {
    static const std::array<std::string, 1> names{"api.example.com"};
    request_head narrow;
    const auto refused = read_head(raw, {names, true}, narrow);
    require(!refused || refused->status == 421);

    const auto client = client_behind("203.0.113.7", request);
    boost::system::error_code ec;
    require(boost::asio::ip::make_address(client, ec).to_string() == client && client.find('%') == std::string::npos);
    airi::counted_network(client);

    static const gateway_options options;
    for (auto* const read : {access_cookie, refresh_cookie, csrf_cookie, link_cookie})
        require(read(options, request).find(';') == std::string::npos);
    device_of(options, request);
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
    require(head.request.header("transfer-encoding").empty() != head.chunked);
    require(!head.chunked || (head.content_length == 0 && !head.http_1_0));
    require(!head.request.header("host").empty() || head.http_1_0);
    require(head.request.path.find("//") == std::string::npos);
    require(traceparent_from(head.request.traceparent) == head.request.traceparent);
    for (const auto& [name, value] : head.request.query) require(airi::is_utf8(name) && airi::is_utf8(value));
    for (const auto& [name, value] : head.request.headers) {
        require(!name.empty() && airi::is_utf8(value));
        require(value.find_first_of("\r\n") == std::string::npos && value.find('\0') == std::string::npos);
    }
    check_headers(raw, head.request);
    return 0;
}
