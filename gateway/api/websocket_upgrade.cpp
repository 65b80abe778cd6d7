#include "gateway/api/websocket_upgrade.hpp"

#include "gateway/auth/authenticate.hpp"
#include "gateway/http/cors.hpp"
#include "gateway/messaging/websocket_handler.hpp"
#include "platform/base/split.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view protocol = "airi.v1", token_prefix = "bearer.";

struct subprotocols {
    std::string chosen, token;
};

// "airi.v1, bearer.<jwt>": browsers cannot send headers with a WebSocket.
subprotocols read_subprotocols(std::string_view offered) {
    subprotocols out;
    for (const auto one : split(offered, ',')) {
        if (one == protocol) out.chosen = one;
        if (one.starts_with(token_prefix)) out.token = one.substr(token_prefix.size());
    }
    return out;
}

std::optional<problem> check_handshake(const services& services, const request& request) {
    if (!services.options.websockets) return problem{403, "FEATURE_DISABLED", "WebSockets are disabled on this server"};
    const auto origin = request.header("origin");
    if (!origin.empty() && !origin_allowed(allowed_origins(services), origin, request.header("host")))
        return problem{403, "ORIGIN_NOT_ALLOWED", "Origin must be an allowed origin"};
    return std::nullopt;
}

// Browsers send cookies with a WebSocket whichever page opens it, and always send the page's origin: a cookie counts
// only beside an origin, which has been checked.
std::string handshake_token(const gateway_options& options, const request& request, std::string offered) {
    auto token = bearer_of(request);
    if (token.empty()) token = std::move(offered);
    if (token.empty() && !request.header("origin").empty()) token = token_of(options, request).text;
    return token;
}

}  // namespace

awaitable<std::variant<upgraded, problem>> accept_websocket(
    services& services, const request& request, const std::vector<std::string>& path) {
    if (auto refused = check_handshake(services, request)) co_return std::move(*refused);
    if (!services.catalogue.rows()->loaded) co_return problem_of(postgres::errc::unavailable);
    auto offered = read_subprotocols(request.header("sec-websocket-protocol"));
    auto token = handshake_token(services.options, request, std::move(offered.token));
    if (token.empty()) co_return unauthenticated();
    const auto token_end = end_of_token(services, token, request.arrived);
    decision limits;
    auto found = co_await authenticate(services, std::move(token), request, limits);
    if (auto* refused = std::get_if<problem>(&found)) co_return std::move(*refused);
    auto caller = std::get<0>(std::move(found));
    if (!path.empty() && user_id::parse(path.front()) != caller->id) co_return not_found("user");
    if (caller->pending) co_return consent_needed();
    if (auto refused = check_scope(*caller, "chat")) co_return std::move(*refused);
    if (auto refused = check_flag(services, "websockets", caller.get())) co_return std::move(*refused);
    auto place = services.places.enter(caller->id);
    if (!place) co_return problem{429, "TOO_MANY_SOCKETS", "this account has too many open WebSockets", "null", 5};
    const auto heartbeat = seconds{services.catalogue.rows()->number("heartbeat_seconds")};
    co_return upgraded{
        make_websocket_handler(services, std::move(caller), token_end, request.trace(), std::move(*place)),
        offered.chosen, heartbeat};
}

}  // namespace airi::gateway
