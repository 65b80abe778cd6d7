// The caller's violations of the rules, appeals against them, also by people who cannot sign in any more, and the
// decisions about appeals.
#include "gateway/api/user_decision.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

std::string hash_of(const exchange& exchange) { return digest::sha256_hex(exchange.text("token")); }

awaitable<route_result> answer_row(exchange& exchange, postgres::bound statement, const char* what) {
    const auto caller = exchange.caller ? std::optional(exchange.caller->id) : std::nullopt;
    const auto rows = co_await postgres::run_one(exchange.services.database, caller, std::move(statement));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty() || rows->is_null(0, 0)) co_return not_found(what);
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    co_return success(200, rows->text(0, 0));
}

awaitable<route_result> look(exchange& exchange) {
    return answer_row(exchange, sql::bind("violations.link", {{"hash", hash_of(exchange)}}), "link");
}

awaitable<route_result> appeal_by_link(exchange& exchange) {
    return answer_row(exchange,
        sql::bind("violations.appeal_by_link", {{"new_id", exchange.new_id<event_id>()}, {"hash", hash_of(exchange)},
                                                   {"statement", exchange.text("statement")}}),
        "link");
}

// A reversal lets the user act again, on every gateway at once.
awaitable<route_result> decide(exchange& exchange) {
    const auto id = uuid::parse(exchange.path.front());
    if (!id) co_return not_found("appeal");
    co_return co_await decide_about_user(exchange,
        sql::bind("violations.decide",
            {{"id", *id}, {"decision", exchange.text("decision")}, {"answer", exchange.optional_text("answer")}}),
        "appeal");
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/moderation/violations",
        .name = "violations.list",
        .access = access::session,
        .query = "Page",
        .response = "Violation[]",
        .summary = "List the caller's violations and what followed, newest first"},
    route{.method = verb::post,
        .path = "/moderation/violations/{id}/appeal",
        .name = "violations.appeal",
        .access = access::session,
        .body_limit = text_body,
        .body = "AppealStatement",
        .response = "Violation",
        .status = 201,
        .other_statuses = "409",
        .summary = "Appeal against a violation; a person decides"},
    route{.method = verb::post,
        .path = "/moderation/appeals/details",
        .name = "violations.link",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = look,
        .body_limit = small_body,
        .body = "TokenOnly",
        .response = "Violation",
        .other_statuses = "404",
        .summary = "Get the violation of a link in a mail"},
    route{.method = verb::post,
        .path = "/moderation/appeals",
        .name = "violations.appeal_by_link",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = appeal_by_link,
        .body_limit = text_body,
        .body = "AppealByLink",
        .response = "Violation",
        .other_statuses = "404 409",
        .summary = "Appeal with the link in a mail, without signing in"},
    route{.method = verb::get,
        .path = "/admin/appeals",
        .name = "violations.appeals",
        .access = access::admin,
        .query = "AppealSearch",
        .response = "Appeal[]",
        .summary = "List appeals, newest first, with what they are about"},
    route{.method = verb::post,
        .path = "/admin/appeals/{id}/decide",
        .name = "violations.decide",
        .access = access::admin,
        .handler = decide,
        .body_limit = small_body,
        .body = "AppealDecision",
        .response = "Appeal",
        .other_statuses = "409",
        .summary = "Decide about an appeal; about a ban two administrators decide"},
};

}  // namespace

extern const std::span<const route> violations{rows};

}  // namespace airi::gateway::routes
