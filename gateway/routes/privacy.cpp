// What users decide about their own data: consents, a parent's agreement, closing the account; and what they see of it:
// the steps they have done, what was done to their account.
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// Nothing when the caller has shown to be more than somebody with his session.
awaitable<std::optional<problem>> check_proof(exchange& exchange) {
    const auto password = exchange.json()["password"].string(), code = exchange.json()["code"].string();
    postgres::transaction ask;
    ask.caller = exchange.caller->id;
    ask.statements.push_back(sql::bind("account_deletion.proof", {{"session", exchange.caller->session}}));
    if (code && !password)
        ask.statements.push_back(sql::bind("two_factor.verify", {{"user", exchange.caller->id}, {"code", *code}}));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    const auto& proof = rows->front();
    if (proof.empty()) co_return not_found("account");
    if (password) {
        const auto right =
            co_await exchange.services.hashing.verify(secret(std::string(*password)), std::string(proof.text(0, 0)));
        if (!right) co_return problem_of(right.error());
        if (!*right) co_return problem{403, "WRONG_PASSWORD", "the password is wrong"};
    } else if (code) {
        if (rows->back().is_null(0, 0))
            co_return problem{403, "WRONG_CODE", "this code is not right, or was used before"};
    } else if (!proof.is_null(0, 0) || proof.text(0, 1) != "t") {
        co_return problem{403, "PROOF_NEEDED",
            "the password is needed; without one a code of the second factor, or signing in again"};
    }
    co_return std::nullopt;
}

awaitable<route_result> close_account(exchange& exchange) {
    if (!exchange.services.database.available() || !exchange.services.publisher.available())
        co_return problem_of(make_error_code(postgres::errc::unavailable));
    if (auto wrong = co_await check_proof(exchange)) co_return std::move(*wrong);
    const auto token = random::token();
    postgres::transaction close;
    close.caller = exchange.caller->id;
    close.statements.push_back(sql::bind("account_deletion.request", {{"hash", digest::sha256_hex(token)}}));
    const auto rows = co_await exchange.services.database.run(std::move(close));
    if (!rows) co_return problem_of(rows.error());
    const auto& row = rows->front();
    if (row.empty()) co_return not_found("account");
    co_await tell_sessions_ended(exchange.services, std::string(row.text(0, 4)));
    log::info("account.closed", {{"user_id", exchange.caller->id.text()}});
    const std::string erase_at(row.text(0, 3));
    events::email_requested mail;
    mail.user = exchange.caller->id;
    mail.to = row.text(0, 0);
    mail.kind = "account_deletion";
    mail.locale = row.text(0, 1);
    mail.link = link_of(exchange.services, mail.kind, token);
    mail.variables = {json::object().add("name", row.text(0, 2)).add("erase_at", erase_at).text()};
    mail.expires_at = parse_instant(erase_at).value_or(exchange.request.arrived);
    co_await publish_mail(
        exchange.services, mail, token, {exchange.request.traceparent, exchange.request.id, exchange.request.arrived});
    co_return success(200, json::object().add("erase_at", erase_at).text());
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/users/consents",
        .name = "consents.list",
        .who = access::session,
        .answers = "Consent[]",
        .about = "What the caller has agreed to, or no longer does"},
    route{.method = verb::put,
        .path = "/users/consents",
        .name = "consents.give",
        .who = access::session,
        .body_limit = small_body,
        .body = "ConsentChange",
        .answers = "Consent",
        .about = "Agree, or take it back; every change is kept"},
    route{.method = verb::post,
        .path = "/auth/parental-consent/details",
        .name = "consents.parent_details",
        .who = access::anyone,
        .group = "auth",
        .body_limit = small_body,
        .body = "TokenOnly",
        .answers = "ParentAsked",
        .about = "What a parent is asked by the link's token"},
    route{.method = verb::post,
        .path = "/auth/parental-consent",
        .name = "consents.parent_answer",
        .who = access::anyone,
        .group = "auth",
        .body_limit = small_body,
        .body = "ParentAnswer",
        .answers = "ParentAnswered",
        .about = "The parent's yes or no, once"},
    route{.method = verb::del,
        .path = "/users/me",
        .name = "account_deletion.request",
        .who = access::session,
        .group = "auth",
        .run = close_account,
        .body_limit = small_body,
        .body = "AccountClose",
        .answers = "AccountClosed",
        .about = "Close the account: every session ends, and after a grace it is erased",
        .pending = true},
    route{.method = verb::post,
        .path = "/auth/restore/link",
        .name = "account_deletion.restore_by_link",
        .who = access::anyone,
        .group = "auth",
        .body_limit = small_body,
        .body = "TokenOnly",
        .answers = "AccountRestored",
        .about = "Take the account back with the token of the mail that says it is closed"},
    route{.method = verb::get,
        .path = "/users/onboarding",
        .name = "onboarding.get",
        .answers = "Onboarding",
        .about = "The first steps, and which are done"},
    route{.method = verb::put,
        .path = "/users/onboarding/{step}",
        .name = "onboarding.set",
        .who = access::session,
        .body_limit = small_body,
        .body = "OnboardingChange",
        .answers = "Onboarding",
        .about = "A step is done, or not yet"},
    route{.method = verb::get,
        .path = "/users/activity",
        .name = "activity.list",
        .who = access::session,
        .query = "Page",
        .answers = "Activity[]",
        .about = "What was done to the account, newest first"},
};

}  // namespace

const std::span<const route> privacy{rows};

}  // namespace airi::gateway::routes
