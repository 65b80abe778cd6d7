// Links in e-mails: verifying the address, setting a new password, signing in. Each link is accepted once.
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/auth_problems.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/cookies.hpp"
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

awaitable<route_result> request_verification(exchange& exchange) {
    co_return request_link(exchange.services, exchange.request, exchange.caller->id, {}, "verify_email");
}
awaitable<route_result> forgot_password(exchange& exchange) {
    co_return request_link(exchange.services, exchange.request, std::nullopt, exchange.text("email"), "reset_password");
}

problem link_invalid() { return {400, "LINK_INVALID", "this link is invalid, expired or already used"}; }

// The link signs in only the client that has its binding: a browser keeps it for all the links that it requests. An
// unknown address gets one too.
awaitable<route_result> magic_link(exchange& exchange) {
    auto& services = exchange.services;
    const auto& request = exchange.request;
    if (!services.database.available()) co_return problem_of(postgres::errc::unavailable);
    const bool by_cookie = transport_of(services, request) != token_transport::bearer;
    auto binding = by_cookie ? link_cookie(services.options, request) : std::string{};
    if (binding.empty()) binding = random::token();
    send_link(services, request, std::nullopt, exchange.text("email"), "magic_link", digest::sha256_hex(binding));
    json::object data;
    data.add_raw("sent", "true");
    if (!by_cookie) data.add("binding", binding);
    auto out = success(202, data.text());
    if (by_cookie) set_link_cookie(services, binding, out);
    co_return out;
}

// The masked address of a sign-in link, or why it signs nobody in here.
awaitable<std::variant<std::string, problem>> look_at_link(exchange& exchange) {
    const auto& options = exchange.services.options;
    const auto binding = exchange.optional_text("binding").value_or(link_cookie(options, exchange.request));
    const auto rows = co_await postgres::run_one(exchange.services.database, std::nullopt,
        sql::bind("email_links.look",
            {{"hash", digest::sha256_hex(exchange.text("token"))}, {"binding_hash", digest::sha256_hex(binding)}}));
    if (!rows) co_return problem_of(rows.error());
    auto [outcome, address] = rows->read<std::string_view, std::string>(0);
    if (outcome == "other_browser")
        co_return problem{
            403, "LINK_OTHER_BROWSER", "this link works only in the browser that requested it; request a new one here"};
    if (outcome != "good") co_return link_invalid();
    co_return std::move(address);
}

awaitable<route_result> magic_details(exchange& exchange) {
    auto found = co_await look_at_link(exchange);
    if (auto* refused = std::get_if<problem>(&found)) co_return std::move(*refused);
    co_return success(200, json::object().add("email", std::get<std::string>(found)).text());
}

struct taken_link {
    signed_in_user user;
    std::string ended_sessions;  ///< JSON array of ids
};

// A new password is reported in the same transaction.
awaitable<std::variant<taken_link, problem>> take_link(
    exchange& exchange, std::string_view kind, std::optional<std::string> password_hash = std::nullopt) {
    auto& services = exchange.services;
    const auto token_hash = digest::sha256_hex(exchange.text("token"));
    postgres::transaction take;
    take.statements.push_back(
        sql::bind("email_links.take", {{"hash", token_hash}, {"kind", kind}, {"code", exchange.optional_text("code")},
                                          {"password_hash", password_hash}}));
    if (password_hash)
        take.statements.push_back(
            bind_notice(services, "email_links.reset_notice", {{"hash", token_hash}}, exchange.request));
    const auto rows = co_await services.database.run(std::move(take));
    if (!rows) co_return problem_of(rows.error());
    auto [outcome, user, email, role, ended] =
        rows->front().read<std::string_view, user_id, std::string, std::string, std::string>(0);
    if (outcome == "refused")
        if (auto refused = co_await check_account_status(services, user)) co_return std::move(*refused);
    if (outcome == "code") co_return two_factor_required();
    if (outcome == "wrong_code") co_return wrong_code(401);
    if (outcome != "good") co_return link_invalid();
    co_await services.responses.invalidate(user);
    co_return taken_link{{user, std::move(email), std::move(role)}, std::move(ended)};
}

awaitable<route_result> verify_email(exchange& exchange) {
    auto got = co_await take_link(exchange, "verify_email");
    if (auto* refused = std::get_if<problem>(&got)) co_return std::move(*refused);
    co_return success(200, R"({"verified":true})");
}

awaitable<route_result> reset_password(exchange& exchange) {
    auto& services = exchange.services;
    const auto hash = co_await services.hashing.hash(secret(exchange.text("new_password")));
    if (!hash) co_return problem_of(hash.error());
    auto got = co_await take_link(exchange, "reset_password", *hash);
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
    auto found = co_await look_at_link(exchange);
    if (auto* refused = std::get_if<problem>(&found)) co_return std::move(*refused);
    auto got = co_await take_link(exchange, "magic_link");
    if (auto* refused = std::get_if<problem>(&got)) co_return std::move(*refused);
    auto& user = std::get<taken_link>(got).user;
    user.second_factor = exchange.optional_text("code").has_value();
    co_return co_await open_session(exchange.services, exchange.request, std::move(user), 200);
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
        .response = "LoginLinkSent",
        .issues_tokens = true,
        .status = 202,
        .summary = "Email a login link that works where it was requested; the response is the same for every address"},
    route{.method = verb::post,
        .path = "/auth/magic-link/details",
        .name = "email_links.details",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = magic_details,
        .body_limit = small_body,
        .body = "LoginLink",
        .response = "LoginLinkDetails",
        .other_statuses = "403",
        .summary = "Get whom a login link signs in, without using it; only where it was requested"},
    route{.method = verb::post,
        .path = "/auth/magic-link/login",
        .name = "email_links.magic_login",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = magic_login,
        .body_limit = small_body,
        .body = "LinkLogin",
        .response = "Tokens",
        .issues_tokens = true,
        .other_statuses = "401 403",
        .summary = "Log in with the link's token where it was requested, plus a code if two-factor is on"},
};

}  // namespace

extern const std::span<const route> email_links{rows};

}  // namespace airi::gateway::routes
