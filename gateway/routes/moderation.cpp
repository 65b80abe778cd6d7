// Messages that moderation holds for a person, and the decisions about them; the blocked terms; what the rules of the
// shadow would do.
#include "gateway/api/data_route.hpp"
#include "gateway/api/user_decision.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/safety/patterns.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// A rejection may suspend the user, on every gateway at once.
awaitable<route_result> decide(exchange& exchange) {
    const auto id = uuid::parse(exchange.path.front());
    if (!id) co_return not_found("held message");
    co_return co_await decide_about_user(exchange,
        sql::bind("moderation.decide", {{"id", *id}, {"decision", exchange.text("decision")}}), "held message");
}

// A pattern is compiled here, which takes milliseconds.
constexpr std::size_t most_patterns_at_once = 20;

std::optional<problem> pattern_problem(json::value terms) {
    std::optional<problem> out;
    std::size_t index = 0, patterns = 0;
    terms.each([&](json::value one) {
        const auto pointer = "/terms/" + std::to_string(index++) + "/term";
        if (out || !one["pattern"].boolean().value_or(false)) return;
        const auto text = std::string(one["term"].string().value_or(""));
        if (++patterns > most_patterns_at_once)
            out = invalid(pointer, "at most " + std::to_string(most_patterns_at_once) + " patterns can be set at once");
        else if (const auto fault = safety::pattern_set::fault_of(text))
            out = invalid(pointer, "the pattern " + text + ' ' + *fault);
    });
    return out;
}

awaitable<route_result> set_terms(exchange& exchange) {
    if (auto refused = pattern_problem(exchange.body->root()["terms"])) co_return std::move(*refused);
    co_return co_await answer_data(exchange);
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
    route{.method = verb::get,
        .path = "/admin/moderation/terms",
        .name = "moderation.terms",
        .access = access::admin,
        .query = "TermSearch",
        .response = "BlockedTerm[]",
        .summary = "List the blocked terms and patterns, in their order, or those that contain a text"},
    route{.method = verb::patch,
        .path = "/admin/moderation/terms",
        .name = "moderation.set_terms",
        .access = access::admin,
        .handler = set_terms,
        .body_limit = 1024 * 1024,
        .body = "TermChanges",
        .response = "BlockedTerm[]",
        .other_statuses = "409 422",
        .summary =
            "Set blocked terms and patterns, all of them or none; the deployment profile no longer overwrites them"},
};

}  // namespace

extern const std::span<const route> moderation{rows};

}  // namespace airi::gateway::routes
