// Messages that moderation holds for a person, and the decisions about them; what the rules of the shadow would do.
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/outbox.hpp"
#include "gateway/services/response_cache.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// A rejection may suspend the user, on every gateway at once.
awaitable<route_result> decide(exchange& exchange) {
    auto& services = exchange.services;
    const auto id = uuid::parse(exchange.path.front());
    if (!id) co_return not_found("held message");
    const auto rows = co_await postgres::run_one(services.database, exchange.caller->id,
        sql::bind("moderation.decide", {{"id", *id}, {"decision", exchange.text("decision")}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->is_null(0, 0)) co_return not_found("held message");
    const auto row = rows->text(0, 0);
    if (auto refused = refusal_of(row)) co_return std::move(*refused);
    const auto held = json::document::parse(row);
    if (!held) co_return problem_of(held.error());
    if (const auto user = user_id::parse(held->root()["user"]["id"].string().value_or(""))) {
        co_await services.responses.invalidate(*user);
        co_await publish_account_change(services, *user);
    }
    wake_relay(services);
    co_return success(200, row);
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/admin/held-messages",
        .name = "moderation.held",
        .access = access::admin,
        .query = "HeldSearch",
        .response = "HeldMessage[]",
        .summary = "List the messages that moderation held for a person, newest first"},
    route{.method = verb::post,
        .path = "/admin/held-messages/{id}/decide",
        .name = "moderation.decide",
        .access = access::admin,
        .handler = decide,
        .body_limit = small_body,
        .body = "HeldDecision",
        .response = "HeldMessage",
        .other_statuses = "409",
        .summary = "Allow a held message, which is answered then, or reject it as moderation does"},
    route{.method = verb::get,
        .path = "/admin/moderation/shadow",
        .name = "moderation.shadow",
        .access = access::admin,
        .query = "ShadowQuery",
        .response = "ShadowCount[]",
        .summary = "Count what the rules of the shadow would have done, by day (UTC), category and difference"},
};

}  // namespace

extern const std::span<const route> moderation{rows};

}  // namespace airi::gateway::routes
