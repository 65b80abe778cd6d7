#include "gateway/api/dispatcher.hpp"

#include "events/frames/frame.hpp"
#include "gateway/api/data_route.hpp"
#include "gateway/api/idempotency.hpp"
#include "gateway/api/request_checks.hpp"
#include "gateway/api/request_metrics.hpp"
#include "gateway/api/router.hpp"
#include "gateway/api/websocket_upgrade.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/cookies.hpp"
#include "gateway/auth/csrf.hpp"
#include "gateway/auth/fresh_proof.hpp"
#include "gateway/http/cors.hpp"
#include "gateway/http/deprecation.hpp"
#include "gateway/realtime/broadcast.hpp"
#include "gateway/services/response_cache.hpp"
#include "gateway/services/security_events.hpp"
#include "gateway/services/trace_start.hpp"
#include "platform/base/log.hpp"
#include "platform/base/percent.hpp"

namespace airi::gateway {
namespace {

const response& head_of(const answer& answer) {
    const auto* whole = std::get_if<response>(&answer);
    return whole ? *whole : std::get<streamed>(answer).head;
}

problem no_route(const found_route& found) {
    if (found.methods.empty()) return not_found("path");
    return {405, "METHOD_NOT_ALLOWED",
        "the path does not support this method; the Allow header lists the supported methods"};
}

// Publishes the frame of a route that broadcasts its successes to all sockets of the user.
void broadcast_change(const exchange& exchange, const route_result& result) {
    const auto* whole = std::get_if<answer>(&result);
    const auto* response = whole ? std::get_if<gateway::response>(whole) : nullptr;
    if (!response || response->status >= 300) return;
    const auto body = json::document::parse(response->body);
    if (!body) return;
    broadcast(exchange.services.redis, exchange.services.executor, events::channel_of(exchange.caller->id),
        exchange.route.broadcasts(body->root()["data"].text()));
}

// The data without its envelope, whose link to the next page becomes a Link header (RFC 8288).
void unwrap(const request& request, response& response) {
    const auto whole = json::document::parse(response.body);
    if (!whole || whole->root()["success"].boolean() != true) return;
    if (const auto next = whole->root()["meta"]["next_cursor"].string()) {
        // What a path has encoded stays so.
        auto link = percent_encoded(request.path, "/%") + "?cursor=" + percent_encoded(*next);
        for (const auto& [name, value] : request.query)
            if (name != "cursor") link += "&" + percent_encoded(name) + "=" + percent_encoded(value);
        response.headers.emplace_back("Link", "<" + link + ">; rel=\"next\"");
    }
    response.body = whole->root()["data"].text();
}

answer to_answer(route_result result, const request& request, bool openai_format) {
    auto* refused = std::get_if<problem>(&result);
    if (!refused) return std::get<answer>(std::move(result));
    if (refused->status >= 500)
        log::error("request.failed",
            {{"request_id", request.id}, {"path", request.path}, {"code", refused->code}, {"status", refused->status}});
    return failure_response(*refused, request.id, openai_format);
}

class dispatcher final : public application {
public:
    dispatcher(gateway::services& services, const gateway::router& router) : services_(services), router_(router) {}

    std::size_t body_limit(verb method, std::string_view path) const override {
        const auto found = router_.find(method, path);
        return found.route ? found.route->body_limit : 0;
    }

    std::shared_ptr<const security_headers> headers() const override {
        return services_.catalogue.rows()->answers.headers;
    }

    void add_cors(std::string_view origin, std::vector<std::pair<std::string, std::string>>& headers) const override {
        add_cors_headers(allowed_origins(services_), origin, headers);
    }

    awaitable<answer> handle(request request) override {
        request_metrics::active measured(metrics_, request.method);
        if (request.method == verb::options) {
            auto preflight = cors_preflight(allowed_origins(services_), request);
            measured.answered(preflight.status);
            co_return preflight;
        }
        auto span = start_request_span(services_, request);
        auto found = router_.find(request.method, request.path);
        measured.at(found.route);
        decision limits;
        route_result result = no_route(found);
        if (found.route) {
            exchange exchange{request, *found.route, std::move(found.path), {}, nullptr, std::nullopt, services_};
            result = co_await run(exchange, limits);
            const acting_caller caller{found.route->name, request.address, request.id, exchange.caller.get()};
            if (const auto* refused = std::get_if<problem>(&result))
                record_refusal(*refused, caller);
            else if (found.route->fresh && !found.route->proves && !exchange.replayed)
                record_credential_change(caller);
        }
        auto out = to_answer(std::move(result), request, found.route && found.route->openai_format);
        if (found.route && found.route->bare)
            if (auto* whole = std::get_if<response>(&out)) unwrap(request, *whole);
        add_headers(found, request, limits, out);
        const auto status = head_of(out).status;
        const auto took = measured.answered(status);
        if (span) describe(span, request.method, found.route, status);
        log::debug("request.answered", {{"request_id", request.id}, {"traceparent", request.traceparent},
                                           {"path", request.path}, {"status", status}, {"ms", took.count()}});
        if (const auto most = services_.catalogue.rows()->number("slow_request_ms"); most > 0 && took.count() > most)
            log::warn("request.slow",
                {{"request_id", request.id}, {"traceparent", request.traceparent}, {"method", name_of(request.method)},
                    {"route", template_of(found.route)}, {"status", status}, {"ms", took.count()}});
        co_return out;
    }

    awaitable<std::variant<response, upgraded>> upgrade(request request) override {
        request_metrics::active measured(metrics_, verb::get);
        const auto found = router_.find(verb::get, request.path);
        measured.at(found.route);
        const bool known = found.route && found.route->opens_socket;
        auto got = known ? co_await accept_websocket(services_, request, found.path) : not_found("path");
        if (const auto* refused = std::get_if<problem>(&got)) {
            record_refusal(*refused, {"websocket", request.address, request.id});
            measured.answered(refused->status);
            auto out = failure_response(*refused, request.id, false);
            add_cors(request.header("origin"), out.headers);
            co_return out;
        }
        measured.answered(101);
        co_return std::get<upgraded>(std::move(got));
    }

private:
    static void describe(tracing::span& span, verb method, const route* route, unsigned status) {
        const auto path = template_of(route);
        span.set_name(std::string(name_of(method)) + (route ? " " + path : ""));
        span.set("http.request.method", name_of(method));
        if (route) span.set("http.route", path);
        span.set("http.response.status_code", static_cast<std::int64_t>(status));
        if (status >= 500) span.failed(std::to_string(status));
    }

    void add_headers(const found_route& found, const request& request, const decision& limits, answer& to) const {
        auto* whole = std::get_if<response>(&to);
        auto& headers = whole ? whole->headers : std::get<streamed>(to).head.headers;
        for (auto& header : rate_limit_headers(limits)) headers.push_back(std::move(header));
        if (found.route) add_deprecation(request.path, headers);
        add_cors(request.header("origin"), headers);
        if (!found.route && !found.methods.empty()) headers.emplace_back("Allow", found.methods);
    }

    awaitable<route_result> run(exchange& exchange, decision& limits) {
        const auto& route = exchange.route;
        // Until the profile is loaded its limits, settings and flags are unknown.
        if (!services_.catalogue.rows()->loaded && !route.path.starts_with('=') && route.path != "/health")
            co_return problem_of(postgres::errc::unavailable);
        if (route.access != access::anyone)
            if (auto refused = co_await admit(exchange, limits)) co_return std::move(*refused);
        if (!route.needs.empty())
            if (auto refused = check_flag(services_, route.needs, exchange.caller.get())) co_return std::move(*refused);
        if (auto refused = co_await take_limits(exchange, limits)) co_return std::move(*refused);
        if (route.proved)
            if (auto refused = co_await check_address_proof(exchange)) co_return std::move(*refused);
        if (auto refused = parse_body(exchange)) co_return std::move(*refused);
        if (route.issues_tokens)
            if (auto refused = check_transport(exchange.request)) co_return std::move(*refused);
        if (route.cache_for.count() > 0) co_return co_await respond_cached(exchange, std::move(limits.read));
        auto out = co_await respond(exchange);
        // The workers write the changes of a message later, and invalidate then.
        if (exchange.caller && route.method != verb::get && !route.sends_message)
            co_await services_.responses.invalidate(exchange.caller->id);
        if (route.broadcasts && !exchange.replayed) broadcast_change(exchange, out);
        co_return out;
    }

    // Sets the caller, or says why there is none.
    awaitable<std::optional<problem>> admit(exchange& exchange, decision& limits) {
        const auto& request = exchange.request;
        auto token = token_of(services_.options, request);
        exchange.by_cookie = token.by_cookie;
        auto found = co_await authenticate(services_, std::move(token.text), request, limits);
        if (auto* refused = std::get_if<problem>(&found)) co_return std::move(*refused);
        exchange.caller = std::get<0>(std::move(found));
        if (exchange.by_cookie)
            if (auto refused = check_csrf(services_, exchange.caller->session, request)) co_return refused;
        if (auto refused = check_access(exchange.route, *exchange.caller)) co_return refused;
        co_return check_other_user(exchange);
    }

    awaitable<std::optional<problem>> check_address_proof(exchange& exchange) {
        const auto cached = exchange.caller;
        if (cached->email_verified) co_return std::nullopt;
        auto found = co_await services_.accounts.find_again(cached->id, cached->session);
        if (!found) co_return problem_of(found.error());
        if (!*found) co_return unauthenticated();
        exchange.caller = std::move(*found);
        co_return exchange.caller->email_verified ? std::nullopt : std::optional(email_not_verified());
    }

    awaitable<std::optional<problem>> take_limits(const exchange& exchange, decision& limits) {
        const auto& route = exchange.route;
        if (route.sends_message) co_return std::nullopt;
        if (exchange.caller) {
            // The state of the response cache is read in the same round trip.
            auto read = route.cache_for.count() > 0 ? events::state_key(exchange.caller->id) : std::string{};
            co_return co_await take_rates(services_, *exchange.caller, route.rate_group, limits, std::move(read));
        }
        if (route.path.starts_with('=') && route.rate_group.empty()) co_return std::nullopt;
        const auto group = route.rate_group.empty() ? "anonymous" : route.rate_group;
        co_return co_await take_address_rate(services_, group, exchange.request.address, limits);
    }

    awaitable<route_result> respond(exchange& exchange) {
        if (auto refused = read_query(exchange)) co_return std::move(*refused);
        if (auto refused = check_body(exchange)) co_return std::move(*refused);
        const identity_proof given{exchange.optional_text("password"), exchange.optional_text("code")};
        const bool brings_proof = exchange.route.proves && !given.empty();
        if (exchange.route.fresh && !brings_proof)
            if (auto refused = co_await require_fresh_proof(services_, exchange.request, *exchange.caller))
                co_return std::move(*refused);
        if (!takes_idempotency_key(exchange.route) || !has_idempotency_key(exchange.request))
            co_return co_await carry_out(exchange, brings_proof, given);
        auto begun = co_await begin_once(exchange);
        if (auto* known = std::get_if<route_result>(&begun)) co_return std::move(*known);
        auto out = co_await carry_out(exchange, brings_proof, given);
        co_await end_once(exchange, std::get<begun_request>(std::move(begun)), out);
        co_return out;
    }

    // A code proves once, so a repetition that is answered as before does not take it again.
    awaitable<route_result> carry_out(exchange& exchange, bool brings_proof, const identity_proof& given) {
        if (exchange.route.fresh && brings_proof)
            if (auto refused = co_await prove(services_, exchange.request, *exchange.caller, given))
                co_return std::move(*refused);
        co_return co_await (exchange.route.handler ? exchange.route.handler(exchange) : answer_data(exchange));
    }

    // Whole JSON responses are cached by caller, path and query.
    awaitable<route_result> respond_cached(exchange& exchange, std::string known_state) {
        auto& cache = services_.responses;
        const auto state = co_await cache.state_of(exchange.caller->id, std::move(known_state));
        if (state.empty()) co_return co_await respond(exchange);
        auto key = exchange.caller->id.text() + exchange.request.path;
        for (const auto& [name, value] : exchange.request.query)
            key.append(1, '\0').append(name).append(1, '\0').append(value);
        if (const auto* body = cache.find(key, state)) {
            response cached;
            cached.body = *body;
            co_return answer(std::move(cached));
        }
        auto out = co_await respond(exchange);
        if (const auto* whole = std::get_if<answer>(&out); whole && !exchange.transient)
            cache.store(std::move(key), state, std::get<response>(*whole).body, exchange.route.cache_for);
        co_return out;
    }

    gateway::services& services_;
    const gateway::router& router_;
    request_metrics metrics_;
};

}  // namespace

std::unique_ptr<application> make_dispatcher(services& services, const router& router) {
    return std::make_unique<dispatcher>(services, router);
}

}  // namespace airi::gateway
