// Links in e-mails: verifying the address, setting a new password, signing in. Each link is accepted once.
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/auth_problems.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/cookies.hpp"
#include "gateway/auth/issue_tokens.hpp"
#include "gateway/auth/passwords.hpp"
#include "gateway/auth/second_factor.hpp"
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
    return request_link(exchange.services, exchange.request, exchange.caller->id, {}, "verify_email");
}
awaitable<route_result> forgot_password(exchange& exchange) {
    return request_link(exchange.services, exchange.request, std::nullopt, exchange.text("email"), "reset_password");
}

problem link_invalid() { return {400, "LINK_INVALID", "this link is invalid, expired or already used"}; }

// The link signs in only the client that has its binding: a browser keeps it for all the links that it requests. An
// unknown address gets one too.
awaitable<route_result> magic_link(exchange& exchange) {
    auto& services = exchange.services;
    const auto& request = exchange.request;
    const bool by_cookie = transport_of(services, request) != token_transport::bearer;
    auto binding = by_cookie ? link_cookie(services.options, request) : std::string{};
    if (binding.empty()) binding = random::token();
    if (auto refused = co_await send_link(
            services, request, std::nullopt, exchange.text("email"), "magic_link", digest::sha256_hex(binding)))
        co_return std::move(*refused);
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
    signed_in_user user;  ///< with the second factor whose code was accepted
    std::size_t sessions_ended = 0, keys_ended = 0;
};

// The proofs and changes that come with a link's token.
struct link_use {
    std::string_view kind;
    std::optional<std::string> password_hash{};  ///< of a new password
    std::optional<session_id> session{};         ///< that of the caller
    std::optional<std::string> known_hash{};     ///< that the account's password was verified with
    std::optional<std::string> claim{};          ///< of a second factor's code
};

// A new password, and a first proof of the address, are reported in the same transaction.
awaitable<std::variant<taken_link, problem>> take_link(exchange& exchange, link_use use) {
    auto& services = exchange.services;
    const auto token_hash = digest::sha256_hex(exchange.text("token"));
    postgres::transaction take;
    take.statements.push_back(sql::bind("email_links.take",
        {{"hash", token_hash}, {"kind", use.kind}, {"claim", use.claim}, {"password_hash", use.password_hash},
            {"session", use.session}, {"known_hash", use.known_hash},
            {"frontend", mail_link(services.options.public_url + "/", {})}}));
    if (use.password_hash)
        take.statements.push_back(
            bind_notice(services, "email_links.reset_notice", {{"hash", token_hash}}, exchange.request));
    const bool ends_keys = use.kind == "reset_password" && exchange.json()["end_api_keys"].boolean().value_or(true);
    if (ends_keys) take.statements.push_back(sql::bind("email_links.end_keys", {{"hash", token_hash}}));
    const auto rows = co_await services.database.run(std::move(take));
    if (!rows) co_return problem_of(rows.error());
    auto [outcome, user, email, role, ended, keys] =
        rows->front().read<std::string_view, user_id, std::string, std::string, std::string, std::string>(0);
    if (outcome == "refused")
        if (auto refused = co_await check_account_status(services, user)) co_return std::move(*refused);
    // Only the link says whose code it is.
    if (const auto code = exchange.optional_text("code"); outcome == "code" && code) {
        auto claim = co_await claim_of_code(services, exchange.request, user, *code);
        if (!claim) co_return problem_of(claim.error());
        use.claim = std::move(*claim);
        co_return co_await take_link(exchange, std::move(use));
    }
    if (outcome == "code") co_return two_factor_required();
    if (outcome == "wrong_code") co_return wrong_code(401);
    if (outcome == "password")
        co_return problem{403, "PASSWORD_NEEDED",
            "follow this link where you signed up, or send the account's password or a new one with it"};
    if (outcome != "good") co_return link_invalid();
    wake_relay(services);
    taken_link out{{user, std::move(email), std::move(role)}};
    out.user.second_factor = use.claim.has_value();
    out.sessions_ended = co_await publish_session_ends(services, std::move(ended));
    out.keys_ended = co_await publish_session_ends(services, std::move(keys));
    if (ends_keys) out.keys_ended += co_await publish_session_ends(services, std::string(rows->back().text(0, 0)));
    co_await services.responses.invalidate(user);
    co_return out;
}

// The hash that the password of the link's account was verified with.
awaitable<std::variant<std::string, problem>> verify_link_password(exchange& exchange, std::string password) {
    auto& services = exchange.services;
    const auto rows = co_await postgres::run_one(services.database, std::nullopt,
        sql::bind("email_links.address", {{"hash", digest::sha256_hex(exchange.text("token"))}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->is_null(0, 0)) co_return link_invalid();
    auto checked = co_await check_password(
        services, exchange.request, {{}, std::string(rows->text(0, 0))}, secret(std::move(password)));
    if (auto* refused = std::get_if<problem>(&checked)) co_return std::move(*refused);
    auto& account = std::get<password_account>(checked);
    co_await end_attempt(services, exchange.request, account, "confirmed");
    co_return std::move(account.password_hash);
}

// Of a link that may not be used nothing is known; taking it says so.
awaitable<result<password_owner>> owner_of(services& services, std::string token_hash) {
    const auto rows = co_await postgres::run_one(
        services.database, std::nullopt, sql::bind("email_links.owner", {{"hash", token_hash}}));
    if (!rows) co_return rows.error();
    if (rows->empty()) co_return password_owner{};
    co_return std::make_from_tuple<password_owner>(rows->read<std::string, std::string>(0));
}

// The hash of the new password that the link sets.
awaitable<std::variant<std::string, problem>> hash_link_password(exchange& exchange) {
    auto& services = exchange.services;
    const auto owner = co_await owner_of(services, digest::sha256_hex(exchange.text("token")));
    if (!owner) co_return problem_of(owner.error());
    co_return co_await hash_new_password(services, secret(exchange.text("new_password")), *owner, "/new_password");
}

awaitable<route_result> verify_email(exchange& exchange) {
    auto caller = co_await authenticate_if_any(exchange.services, exchange.request);
    if (auto* refused = std::get_if<problem>(&caller)) co_return std::move(*refused);
    const auto& account = std::get<0>(caller);
    link_use use{"verify_email"};
    if (account && !account->by_key) use.session = account->session;
    if (exchange.optional_text("new_password")) {
        auto hash = co_await hash_link_password(exchange);
        if (auto* refused = std::get_if<problem>(&hash)) co_return std::move(*refused);
        use.password_hash = std::get<std::string>(std::move(hash));
    } else if (auto password = exchange.optional_text("password")) {
        auto verified = co_await verify_link_password(exchange, std::move(*password));
        if (auto* refused = std::get_if<problem>(&verified)) co_return std::move(*refused);
        use.known_hash = std::get<std::string>(std::move(verified));
    }
    const auto session = use.session;
    auto got = co_await take_link(exchange, std::move(use));
    if (auto* refused = std::get_if<problem>(&got)) co_return std::move(*refused);
    if (session) exchange.services.accounts.invalidate(*session);
    co_return success(200, R"({"verified":true})");
}

awaitable<route_result> reset_password(exchange& exchange) {
    auto& services = exchange.services;
    auto hash = co_await hash_link_password(exchange);
    if (auto* refused = std::get_if<problem>(&hash)) co_return std::move(*refused);
    auto got = co_await take_link(exchange, {"reset_password", std::get<std::string>(std::move(hash))});
    if (auto* refused = std::get_if<problem>(&got)) co_return std::move(*refused);
    const auto& [user, sessions, keys] = std::get<taken_link>(got);
    co_await postgres::run_one(services.database, user.id, sql::bind("activity.add", {{"action", "password.changed"}}));
    log::info(
        "auth.password_reset", {{"user_id", user.id.text()}, {"sessions_ended", sessions}, {"api_keys_ended", keys}});
    co_return success(200, password_changed(sessions, keys));
}

awaitable<route_result> magic_login(exchange& exchange) {
    auto found = co_await look_at_link(exchange);
    if (auto* refused = std::get_if<problem>(&found)) co_return std::move(*refused);
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
        .body_limit = text_body,
        .body = "EmailVerification",
        .response = "EmailVerified",
        .other_statuses = "401 403",
        .summary =
            "Verify the email address with the link's token; elsewhere than in the account's own session also with "
            "its password or a new one"},
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
        .summary =
            "Reset the password with the link's token; all sessions end and, unless it keeps them, all API keys"},
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
