#include "gateway/auth/account_mail.hpp"

#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/issue_tokens.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/response_cache.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

bool away(const services& services) { return !services.database.available() || !services.publisher.available(); }
problem away_problem() { return problem_of(make_error_code(postgres::errc::unavailable)); }

route_result asked_for() { return success(202, R"({"sent":true})"); }

awaitable<route_result> ask_parent(exchange& exchange) {
    if (away(exchange.services)) co_return away_problem();
    if (!exchange.caller->pending)
        co_return problem{409, "NO_CONSENT_NEEDED", "this account needs no parent's consent"};
    send_link(exchange.services, exchange.request, exchange.caller->id, {}, "parental_consent");
    co_return asked_for();
}

awaitable<route_result> ask_verification(exchange& exchange) {
    if (away(exchange.services)) co_return away_problem();
    send_link(exchange.services, exchange.request, exchange.caller->id, {}, "verify_email");
    co_return asked_for();
}

awaitable<route_result> ask_for(exchange& exchange, std::string_view kind) {
    if (away(exchange.services)) co_return away_problem();
    send_link(exchange.services, exchange.request, std::nullopt,
        std::string(exchange.json()["email"].string().value_or("")), kind);
    co_return asked_for();
}
awaitable<route_result> forgot_password(exchange& exchange) { return ask_for(exchange, "reset_password"); }
awaitable<route_result> magic_link(exchange& exchange) { return ask_for(exchange, "magic_link"); }

struct taken {
    user_id user;
    std::string email, role, ended;
};

awaitable<std::variant<taken, problem>> take(
    exchange& exchange, std::string_view kind, std::optional<std::string> password_hash) {
    const auto body = exchange.json();
    const auto code = body["code"].string();
    postgres::transaction use_up;
    use_up.statements.push_back(sql::bind(
        "email_links.take", {{"hash", digest::sha256_hex(body["token"].string().value_or(""))}, {"kind", kind},
                                {"code", code ? std::optional(std::string(*code)) : std::nullopt},
                                {"password_hash", std::move(password_hash)}}));
    const auto rows = co_await exchange.services.database.run(std::move(use_up));
    if (!rows) co_return problem_of(rows.error());
    const auto& row = rows->front();
    const auto outcome = row.text(0, 0);
    if (outcome == "refused")
        if (auto refused =
                co_await check_standing(exchange.services, user_id::parse(row.text(0, 1)).value_or(user_id{})))
            co_return std::move(*refused);
    if (outcome == "code") co_return problem{401, "TWO_FACTOR_REQUIRED", "a code of the second factor is needed"};
    if (outcome == "wrong_code") co_return problem{401, "WRONG_CODE", "this code is not right, or was used before"};
    if (outcome != "good") co_return problem{400, "LINK_INVALID", "this link was used, is too old, or is none of ours"};
    taken out{user_id::parse(row.text(0, 1)).value_or(user_id{}), std::string(row.text(0, 2)),
        std::string(row.text(0, 3)), std::string(row.text(0, 4))};
    co_await exchange.services.responses.invalidate(out.user);
    co_return out;
}

awaitable<route_result> verify_email(exchange& exchange) {
    auto got = co_await take(exchange, "verify_email", std::nullopt);
    if (auto* wrong = std::get_if<problem>(&got)) co_return std::move(*wrong);
    co_return success(200, R"({"verified":true})");
}

awaitable<route_result> reset_password(exchange& exchange) {
    const auto hash = co_await exchange.services.hashing.hash(
        secret(std::string(exchange.json()["new_password"].string().value_or(""))));
    if (!hash) co_return problem_of(hash.error());
    auto got = co_await take(exchange, "reset_password", *hash);
    if (auto* wrong = std::get_if<problem>(&got)) co_return std::move(*wrong);
    const auto& done = std::get<taken>(got);
    const auto ended = co_await tell_sessions_ended(exchange.services, done.ended);
    postgres::transaction tell;
    tell.caller = done.user;
    tell.statements.push_back(sql::bind("activity.add", {{"action", "password.changed"}}));
    co_await exchange.services.database.run(std::move(tell));
    send_notice(exchange.services, exchange.request, done.user, "password_changed",
        {{"time", to_text(exchange.request.arrived)}});
    log::info("auth.password_reset", {{"user_id", done.user.text()}, {"sessions_ended", ended}});
    co_return success(200, json::object().add("changed", true).add("sessions_ended", ended).text());
}

awaitable<route_result> magic_login(exchange& exchange) {
    auto got = co_await take(exchange, "magic_link", std::nullopt);
    if (auto* wrong = std::get_if<problem>(&got)) co_return std::move(*wrong);
    auto& done = std::get<taken>(got);
    co_return co_await open_session(
        exchange.services, exchange.request, done.user, std::move(done.email), std::move(done.role), 200);
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/auth/verify-email/request",
        .name = "email_links.ask_verification",
        .who = access::session,
        .group = "auth",
        .run = ask_verification,
        .body_limit = small_body,
        .answers = "MailSent",
        .status = 202,
        .about = "Send the verification mail again"},
    route{.method = verb::post,
        .path = "/auth/verify-email",
        .name = "email_links.verify",
        .who = access::anyone,
        .group = "auth",
        .run = verify_email,
        .body_limit = small_body,
        .body = "LinkToken",
        .answers = "EmailVerified",
        .about = "Verify the address with the link's token"},
    route{.method = verb::post,
        .path = "/auth/parental-consent/request",
        .name = "consents.ask_parent",
        .who = access::session,
        .group = "auth",
        .run = ask_parent,
        .body_limit = small_body,
        .answers = "MailSent",
        .status = 202,
        .also = "409",
        .about = "Send the mail to the parent again",
        .pending = true},
    route{.method = verb::post,
        .path = "/auth/forgot-password",
        .name = "email_links.forgot_password",
        .who = access::anyone,
        .group = "auth",
        .run = forgot_password,
        .body_limit = small_body,
        .body = "EmailOnly",
        .answers = "MailSent",
        .status = 202,
        .about = "Send a link for a new password; the answer is the same for every address"},
    route{.method = verb::post,
        .path = "/auth/reset-password",
        .name = "email_links.reset_password",
        .who = access::anyone,
        .group = "auth",
        .run = reset_password,
        .body_limit = small_body,
        .body = "PasswordReset",
        .answers = "PasswordChanged",
        .about = "A new password with the link's token; every session ends"},
    route{.method = verb::post,
        .path = "/auth/magic-link",
        .name = "email_links.magic_link",
        .who = access::anyone,
        .group = "auth",
        .run = magic_link,
        .body_limit = small_body,
        .body = "EmailOnly",
        .answers = "MailSent",
        .status = 202,
        .about = "Send a link to sign in with; the answer is the same for every address"},
    route{.method = verb::post,
        .path = "/auth/magic-link/login",
        .name = "email_links.magic_login",
        .who = access::anyone,
        .group = "auth",
        .run = magic_login,
        .body_limit = small_body,
        .body = "LinkToken",
        .answers = "Tokens",
        .also = "401",
        .about = "Sign in with the link's token, and a code where the second factor is on"},
};

}  // namespace

const std::span<const route> email_links{rows};

}  // namespace airi::gateway::routes
