// Where the caller is signed in, and ending it.
#include "gateway/auth/cookies.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<route_result> end_one(exchange& exchange) {
    const auto id = session_id::parse(exchange.path.front());
    if (!id) co_return not_found("session");
    const auto ended = co_await end_sessions(exchange.services, exchange.caller->id, "logout", *id);
    if (!ended) co_return problem_of(ended.error());
    if (*ended == 0) co_return not_found("session");
    co_return success(200, json::object().add("id", id->text()).text());
}

awaitable<route_result> end_all(exchange& exchange) {
    const auto ended = co_await end_sessions(exchange.services, exchange.caller->id, "logout");
    if (!ended) co_return problem_of(ended.error());
    auto out = success(200, json::object().add("ended", *ended).text());
    clear_cookies(exchange.services, exchange.request, out);
    co_return out;
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/auth/sessions",
        .name = "sessions.list",
        .access = access::session,
        .response = "Session[]",
        .summary = "List the caller's sessions"},
    route{.method = verb::del,
        .path = "/auth/sessions/{id}",
        .name = "sessions.end",
        .access = access::session,
        .handler = end_one,
        .response = "Id",
        .summary = "End a session"},
    route{.method = verb::post,
        .path = "/auth/logout-all",
        .name = "sessions.end_all",
        .access = access::session,
        .handler = end_all,
        .body_limit = small_body,
        .body = "Empty",
        .response = "SessionsEnded",
        .summary = "End all sessions, including the current one"},
};

}  // namespace

extern const std::span<const route> sessions{rows};

}  // namespace airi::gateway::routes
