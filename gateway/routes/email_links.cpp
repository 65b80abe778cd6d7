// Links in e-mails: verifying the address, setting a new password, signing in. Each link is accepted once.
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/auth_problems.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/issue_tokens.hpp"
#include "gateway/auth/second_factor.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/response_cache.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

awaitable<route_result> request_verification(exchange& exchange) {
    co_return request_link(exchange.services, exchange.request, exchange.caller->id, {}, "verify_email");
}
awaitable<route_result> forgot_password(exchange& exchange) {
    co_return request_link(exchange.services, exchange.request, std::nullopt, exchange.text("email"), "reset_password");
}
awaitable<route_result> magic_link(exchange& exchange) {
    co_return request_link(exchange.services, exchange.request, std::nullopt, exchange.text("email"), "magic_link");
}

struct taken_link {
    signed_in_user user;
    std::string ended_sessions;  ///< JSON array of ids
};

struct link_use {
    std::string_view kind;
    std::optional<std::string> password_hash{}, claim{};  ///< a new password, the second factor
};

// A new password is reported in the same transaction.
awaitable<std::variant<taken_link, problem>> take_link(exchange& exchange, link_use use) {
    auto& services = exchange.services;
    const auto token_hash = digest::sha256_hex(exchange.text("token"));
    postgres::transaction take;
    take.statements.push_back(sql::bind("email_links.take",
        {{"hash", token_hash}, {"kind", use.kind}, {"claim", use.claim}, {"password_hash", use.password_hash}}));
    if (use.password_hash)
        take.statements.push_back(
            bind_notice(services, "email_links.reset_notice", {{"hash", token_hash}}, exchange.request));
    const auto rows = co_await services.database.run(std::move(take));
    if (!rows) co_return problem_of(rows.error());
    auto [outcome, user, email, role, ended] =
        rows->front().read<std::string_view, user_id, std::string, std::string, std::string>(0);
    if (outcome == "refused")
        if (auto refused = co_await check_account_status(services, user)) co_return std::move(*refused);
    // Only the link says whose code it is.
    if (const auto code = exchange.optional_text("code"); outcome == "code" && code) {
        auto claim = co_await claim_of_code(services, user, *code);
        if (!claim) co_return problem_of(claim.error());
        use.claim = std::move(*claim);
        co_return co_await take_link(exchange, std::move(use));
    }
    if (outcome == "code") co_return two_factor_required();
    if (outcome == "wrong_code") co_return wrong_code(401);
    if (outcome != "good") co_return problem{400, "LINK_INVALID", "this link is invalid, expired or already used"};
    co_await services.responses.invalidate(user);
    co_return taken_link{{user, std::move(email), std::move(role)}, std::move(ended)};
}

awaitable<route_result> verify_email(exchange& exchange) {
    auto got = co_await take_link(exchange, {"verify_email"});
    if (auto* refused = std::get_if<problem>(&got)) co_return std::move(*refused);
    co_return success(200, R"({"verified":true})");
}

awaitable<route_result> reset_password(exchange& exchange) {
    auto& services = exchange.services;
    const auto hash = co_await services.hashing.hash(secret(exchange.text("new_password")));
    if (!hash) co_return problem_of(hash.error());
    auto got = co_await take_link(exchange, {"reset_password", *hash});
    if (auto* refused = std::get_if<problem>(&got)) co_return std::move(*refused);
    auto& link = std::get<taken_link>(got);
    const auto user = link.user.id;
    wake_relay(services);
    const auto ended = co_await publish_session_ends(services, std::move(link.ended_sessions));
    co_await postgres::run_one(services.database, user, sql::bind("activity.add", {{"action", "password.changed"}}));
    log::info("auth.password_reset", {{"user_id", user.text()}, {"sessions_ended", ended}});
    co_return success(200, json::object().add("changed", true).add("sessions_ended", ended).text());
}

awaitable<route_result> magic_login(exchange& exchange) {
    auto got = co_await take_link(exchange, {"magic_link"});
    if (auto* refused = std::get_if<problem>(&got)) co_return std::move(*refused);
    co_return co_await open_session(
        exchange.services, exchange.request, std::move(std::get<taken_link>(got).user), 200);
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/auth/verify-email/request",
        .name = "email_links.ask_verification",
        .access = access::session,
        .rate_group = "auth",
        .handler = request_verification,
        .body_limit = small_body,
        .body = "Empty",
        .response = "MailSent",
        .status = 202,
        .summary = "Resend the verification email"},
    route{.method = verb::post,
        .path = "/auth/verify-email",
        .name = "email_links.verify",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = verify_email,
        .body_limit = small_body,
        .body = "LinkToken",
        .response = "EmailVerified",
        .summary = "Verify the email address with the link's token"},
    route{.method = verb::post,
        .path = "/auth/forgot-password",
        .name = "email_links.forgot_password",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = forgot_password,
        .body_limit = small_body,
        .body = "EmailOnly",
        .response = "MailSent",
        .status = 202,
        .summary = "Email a password reset link; the response is the same for every address"},
    route{.method = verb::post,
        .path = "/auth/reset-password",
        .name = "email_links.reset_password",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = reset_password,
        .body_limit = small_body,
        .body = "PasswordReset",
        .response = "PasswordChanged",
        .summary = "Reset the password with the link's token; all sessions end"},
    route{.method = verb::post,
        .path = "/auth/magic-link",
        .name = "email_links.magic_link",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = magic_link,
        .body_limit = small_body,
        .body = "EmailOnly",
        .response = "MailSent",
        .status = 202,
        .summary = "Email a login link; the response is the same for every address"},
    route{.method = verb::post,
        .path = "/auth/magic-link/login",
        .name = "email_links.magic_login",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = magic_login,
        .body_limit = small_body,
        .body = "LinkToken",
        .response = "Tokens",
        .issues_tokens = true,
        .other_statuses = "401",
        .summary = "Log in with the link's token, plus a code if two-factor authentication is on"},
};

}  // namespace

extern const std::span<const route> email_links{rows};

}  // namespace airi::gateway::routes
