// The caller's consents, and a parent's consent to a child's account.
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/personal_data.hpp"
#include "gateway/routes/tables.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<route_result> request_parent(exchange& exchange) {
    if (!exchange.caller->pending)
        co_return problem{409, "NO_CONSENT_NEEDED", "this account does not need a parent's consent"};
    auto parent = co_await find_parent(exchange.services, *exchange.caller);
    if (!parent) co_return problem_of(parent.error());
    co_return co_await request_link(
        exchange.services, exchange.request, exchange.caller->id, std::move(*parent).value_or(""), "parental_consent");
}

awaitable<route_result> show_to_parent(exchange& exchange) {
    auto& services = exchange.services;
    const auto rows = co_await postgres::run_one(
        services.database, std::nullopt, sql::bind("consents.parent_details", {{"token", exchange.text("token")}}));
    if (!rows) co_return problem_of(rows.error());
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    const auto [details, child, wrapped] = rows->read<std::string, user_id, std::optional<std::string>>(0);
    const auto key = wrapped ? services.master.unwrap(*wrapped, child) : result<seal::key>(seal::errc::broken);
    const auto shown = json::document::parse(details);
    co_return success(200, with_birth_date(shown->root(), key ? &*key : nullptr, child));
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/auth/parental-consent/request",
        .name = "consents.ask_parent",
        .access = access::session,
        .rate_group = "auth",
        .handler = request_parent,
        .body_limit = small_body,
        .body = "Empty",
        .response = "MailSent",
        .status = 202,
        .other_statuses = "409",
        .summary = "Resend the consent email to the parent",
        .allows_pending = true},
    route{.method = verb::get,
        .path = "/users/consents",
        .name = "consents.list",
        .access = access::session,
        .response = "Consent[]",
        .summary = "List the caller's granted and withdrawn consents"},
    route{.method = verb::put,
        .path = "/users/consents",
        .name = "consents.give",
        .access = access::session,
        .body_limit = small_body,
        .body = "ConsentChange",
        .response = "Consent",
        .summary = "Grant or withdraw a consent; every change is recorded"},
    route{.method = verb::post,
        .path = "/auth/parental-consent/details",
        .name = "consents.parent_details",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = show_to_parent,
        .body_limit = small_body,
        .body = "TokenOnly",
        .response = "ParentAsked",
        .summary = "Get the parental consent request for the link's token"},
    route{.method = verb::post,
        .path = "/auth/parental-consent",
        .name = "consents.parent_answer",
        .access = access::anyone,
        .rate_group = "auth",
        .body_limit = small_body,
        .body = "ParentAnswer",
        .response = "ParentAnswered",
        .summary = "Record the parent's decision; the token works once"},
};

}  // namespace

extern const std::span<const route> consents{rows};

}  // namespace airi::gateway::routes
