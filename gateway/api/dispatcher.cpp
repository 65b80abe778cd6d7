#include "gateway/api/dispatcher.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "events/frames/frame.hpp"
#include "gateway/api/data_route.hpp"
#include "gateway/api/request_checks.hpp"
#include "gateway/api/router.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/cookies.hpp"
#include "gateway/http/deprecation.hpp"
#include "gateway/http/json_checks.hpp"
#include "gateway/messaging/websocket_handler.hpp"
#include "gateway/realtime/broadcast.hpp"
#include "gateway/services/response_cache.hpp"
#include "platform/base/log.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view allowed_methods = "GET, POST, PUT, PATCH, DELETE, OPTIONS";
constexpr std::string_view allowed_headers =
    "Content-Type, Authorization, Accept, Idempotency-Key, Last-Event-ID, Prefer, X-CSRF-Token, X-Token-Transport, "
    "X-Request-Id, traceparent";

void add_cors(
    const gateway_options& options, const request& request, std::vector<std::pair<std::string, std::string>>& to) {
    to.emplace_back("Vary", "Origin");
    const auto origin = request.header("origin");
    if (origin.empty() || !origin_allowed(options, origin, {})) return;
    to.emplace_back("Access-Control-Allow-Origin", std::string(origin));
    to.emplace_back("Access-Control-Allow-Credentials", "true");
    to.emplace_back(
        "Access-Control-Expose-Headers", "X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, Deprecation, Link");
}

response preflight(const gateway_options& options, const request& request) {
    response out;
    out.status = 204;
    out.headers = {{"Access-Control-Allow-Methods", std::string(allowed_methods)},
        {"Access-Control-Allow-Headers", std::string(allowed_headers)}, {"Access-Control-Max-Age", "600"}};
    add_cors(options, request, out.headers);
    return out;
}

unsigned status_of(const answer& is) {
    const auto* whole = std::get_if<response>(&is);
    return whole ? whole->status : std::get<streamed>(is).head.status;
}

// Whether it is one of these media types. Parameters are not looked at: "application/json; charset=utf-8" is JSON.
bool is_one_of(std::string_view content_type, std::string_view types) {
    auto type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    const auto same = [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a + ('a' - 'A') == b); };
    const auto all = words_of(types);
    return std::any_of(all.begin(), all.end(), [&](std::string_view wanted) {
        return std::equal(type.begin(), type.end(), wanted.begin(), wanted.end(), same);
    });
}

// The database asks again.
bool may_enter(access level, std::string_view role) {
    return level == access::super ? role == "super" : level != access::admin || role == "admin" || role == "super";
}

// What an API key must be allowed for a route.
std::string_view scope_of(const route& r) {
    if (r.group == "chat") return "chat";
    return r.method == verb::get || r.method == verb::head ? "read" : "write";
}

// One customer has a whole IPv6 /64, so that is what is counted.
std::string place_of(const std::string& address) {
    error_code ec;
    const auto v6 = boost::asio::ip::make_address_v6(address, ec);
    return ec ? address : boost::asio::ip::network_v6(v6, 64).canonical().to_string();
}

// Publishes the frame of a route that announces its successes to all sockets of the user.
void broadcast_change(const exchange& exchange, const route& r, const route_result& got) {
    const auto* whole = std::get_if<answer>(&got);
    const auto* said = whole ? std::get_if<response>(whole) : nullptr;
    if (!said || said->status >= 300) return;
    const auto body = json::document::parse(said->body);
    if (!body) return;
    broadcast(exchange.services.redis, exchange.services.executor, events::channel_of(exchange.caller->id),
        r.announces(body->root()["data"].text()));
}

class dispatcher final : public application {
public:
    dispatcher(services& services, const router& routes) : services_(services), routes_(routes) {}

    std::size_t body_limit(verb method, std::string_view path) const override {
        const auto found = routes_.find(method, path);
        return found.is ? found.is->body_limit : 0;
    }

    awaitable<answer> handle(request request) override {
        if (request.method == verb::options) co_return preflight(services_.options, request);
        auto found = routes_.find(request.method, request.path);
        const bool as_openai = found.is && found.is->as_openai;
        exchange exchange{std::move(request), std::move(found.path), {}, nullptr, std::nullopt, services_};
        decision limits;
        auto got = found.is ? co_await run(*found.is, exchange, limits)
                            : route_result(!found.methods.empty()
                                               ? problem{405, "METHOD_NOT_ALLOWED", "this path takes other methods"}
                                               : not_found("path"));
        if (auto* p = std::get_if<problem>(&got)) {
            if (as_openai && p->status == 422) p->status = 400;  // its clients know no other
            if (p->status >= 500)
                log::error("request.failed", {{"request_id", exchange.request.id}, {"path", exchange.request.path},
                                                 {"code", p->code}, {"status", p->status}});
            got = answer(failure_response(*p, exchange.request.id, as_openai));
        }
        auto out = std::get<answer>(std::move(got));
        auto& headers = std::holds_alternative<response>(out) ? std::get<response>(out).headers
                                                              : std::get<streamed>(out).head.headers;
        for (auto& h : rate_limit_headers(limits)) headers.push_back(std::move(h));
        if (found.is) add_deprecation(exchange.request.path, headers);
        log::debug("request", {{"request_id", exchange.request.id}, {"traceparent", exchange.request.traceparent},
                                  {"path", exchange.request.path}, {"status", status_of(out)}});
        if (!exchange.request.header("origin").empty()) add_cors(services_.options, exchange.request, headers);
        if (std::holds_alternative<response>(out) && std::get<response>(out).status == 405)
            headers.emplace_back("Allow", found.methods);
        co_return out;
    }

    awaitable<std::variant<response, upgraded>> upgrade(request request) override {
        const auto refuse = [&](const problem& p) { return failure_response(p, request.id, false); };
        if (request.path != "/ws" && request.path != "/api/v1/ws" && request.path != "/api/ws")
            co_return refuse(not_found("path"));
        if (!services_.options.websockets)
            co_return refuse({403, "FEATURE_DISABLED", "WebSockets are switched off here"});
        if (const auto origin = request.header("origin");
            !origin.empty() && !origin_allowed(services_.options, origin, request.header("host")))
            co_return refuse({403, "ORIGIN_NOT_ALLOWED", "this origin may not open a WebSocket here"});
        auto [offered, subprotocol] = from_subprotocols(request.header("sec-websocket-protocol"));
        auto token = bearer_of(request);
        if (token.empty()) token = std::move(offered);
        // Browsers send cookies along whichever page opens a WebSocket, and always say which one it is.
        if (token.empty() && !request.header("origin").empty()) token = token_of(services_.options, request).text;
        if (token.empty()) co_return refuse(unauthenticated());
        auto who = co_await authenticate(services_, std::move(token), request);
        if (auto* p = std::get_if<problem>(&who)) co_return refuse(*p);
        if (std::get<0>(who)->pending) co_return refuse(consent_needed());
        if (!std::get<0>(who)->may("chat")) co_return refuse({403, "SCOPE_NEEDED", "this API key may not do this"});
        co_return upgraded{
            make_websocket_handler(services_, std::get<0>(std::move(who)), request.trace()), subprotocol};
    }

private:
    awaitable<route_result> run(const route& r, exchange& exchange, decision& limits) {
        if (r.who != access::anyone) {
            auto shown = token_of(services_.options, exchange.request);
            exchange.by_cookie = shown.by_cookie;
            auto who = co_await authenticate(services_, std::move(shown.text), exchange.request);
            if (auto* p = std::get_if<problem>(&who)) {
                // Who is nobody is counted by his address.
                if (auto limited = co_await take_address_rate("api", exchange, limits)) co_return std::move(*limited);
                co_return std::move(*p);
            }
            exchange.caller = std::get<0>(std::move(who));
            if (exchange.by_cookie)
                if (auto p = check_csrf(services_, exchange.caller->session, exchange.request)) co_return std::move(*p);
            if (exchange.caller->pending && !r.pending) co_return consent_needed();
            if (exchange.caller->by_key && (r.who != access::signed_in || !exchange.caller->may(scope_of(r))))
                co_return problem{403, "SCOPE_NEEDED", "this API key may not do this"};
            if (!may_enter(r.who, exchange.caller->role))
                co_return problem{403, "FORBIDDEN", "this is for administrators"};
        }
        if (auto p = switched_off(services_.options, r)) co_return std::move(*p);
        // Sending takes its limits together with the quota, in one step of its own.
        if (exchange.caller && r.group != "chat") {
            auto read = r.keep.count() > 0 ? events::state_key(exchange.caller->id) : std::string{};
            if (auto p = co_await take_rates(services_, *exchange.caller, r.group, limits, std::move(read)))
                co_return std::move(*p);
        } else if (!exchange.caller && !r.path.starts_with('=')) {
            if (auto p = co_await take_address_rate(r.group.empty() ? "anonymous" : r.group, exchange, limits))
                co_return std::move(*p);
        }
        if (!exchange.request.body.empty() && !is_one_of(exchange.request.header("content-type"), r.takes))
            co_return problem{415, "UNSUPPORTED_MEDIA_TYPE", "send " + std::string(r.takes)};
        if (!exchange.request.body.empty() && r.takes == json_media) {
            auto parsed = json::document::parse(exchange.request.body);
            if (!parsed) co_return bad_request("the body is " + parsed.error().message());
            if (parsed->root().type() != json::kind::object) co_return invalid("", "the body must be a JSON object");
            if (auto p = refuse_nul(exchange.request.body, parsed->root())) co_return std::move(*p);
            exchange.body = std::move(*parsed);
        }
        if (r.answers == "Tokens")
            if (auto p = check_transport(exchange.request)) co_return std::move(*p);
        if (r.keep.count() > 0) co_return co_await answer_kept(r, exchange, std::move(limits.read));
        auto out = co_await answer_anew(r, exchange);
        // Sending changes what the workers then write, and they tell.
        if (exchange.caller && r.method != verb::get && r.group != "chat")
            co_await services_.responses.invalidate(exchange.caller->id);
        if (r.announces) broadcast_change(exchange, r, out);
        co_return out;
    }

    awaitable<route_result> answer_anew(const route& r, exchange& exchange) {
        if (auto p = read_query(r, exchange)) co_return std::move(*p);
        if (auto p = check_body(r, exchange.body)) co_return std::move(*p);
        co_return co_await (r.run ? r.run(exchange) : answer_data(exchange, r));
    }

    // A whole answer in JSON is kept by the caller, path and query it is for.
    awaitable<route_result> answer_kept(const route& r, exchange& exchange, std::string known_state) {
        const auto state = co_await services_.responses.state_of(exchange.caller->id, std::move(known_state));
        if (state.empty()) co_return co_await answer_anew(r, exchange);
        auto key = exchange.caller->id.text() + exchange.request.path;
        for (const auto& [name, value] : exchange.request.query)
            key.append(1, '\0').append(name).append(1, '\0').append(value);
        if (const auto* body = services_.responses.find(key, state)) {
            response again;
            again.body = *body;
            co_return answer(std::move(again));
        }
        auto out = co_await answer_anew(r, exchange);
        const auto* whole = std::get_if<answer>(&out);
        if (whole && !exchange.passing)
            services_.responses.store(std::move(key), state, std::get<response>(*whole).body, r.keep);
        co_return out;
    }

    awaitable<std::optional<problem>> take_address_rate(
        std::string_view name, const exchange& exchange, decision& limits) {
        if (!services_.options.rate_limiting) co_return std::nullopt;
        const auto rows = services_.catalogue.rows();
        auto found = rows->rates.find(name);
        if (found == rows->rates.end()) co_return std::nullopt;
        const auto& rate = found->second;
        std::vector<window> windows;
        windows.push_back({rate.name, place_of(exchange.request.address), rate.max, rate.window});
        const auto got = co_await services_.limits.take(std::move(windows));
        if (!got) co_return std::nullopt;
        limits = *got;
        if (limits.is == decision::kind::allowed) co_return std::nullopt;
        problem p{429, "RATE_LIMITED", "too many requests from this address, try again later"};
        p.retry_after = std::max<std::int64_t>(1, limits.reset);
        co_return p;
    }

    // "airi.v1, bearer.<jwt>": browsers cannot send headers with a WebSocket.
    static std::pair<std::string, std::string> from_subprotocols(std::string_view offered) {
        std::string token, chosen;
        while (!offered.empty()) {
            auto one = offered.substr(0, offered.find(','));
            offered.remove_prefix(std::min(offered.size(), one.size() + 1));
            while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
            while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
            if (one == "airi.v1") chosen = one;
            if (one.starts_with("bearer.")) token = one.substr(7);
        }
        return {token, chosen};
    }

    services& services_;
    const router& routes_;
};

}  // namespace

std::unique_ptr<application> make_dispatcher(services& services, const router& routes) {
    return std::make_unique<dispatcher>(services, routes);
}

}  // namespace airi::gateway
