// Accounts and sessions by e-mail address and password: signing up, in and out, changing the password.
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/auth_problems.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/cookies.hpp"
#include "gateway/auth/csrf.hpp"
#include "gateway/auth/fresh_proof.hpp"
#include "gateway/auth/issue_tokens.hpp"
#include "gateway/auth/password_login.hpp"
#include "gateway/auth/passwords.hpp"
#include "gateway/auth/personal_data.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/http/cors.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// A member of the body as JSON text.
std::string json_text(const exchange& exchange, std::string_view name, std::string_view otherwise) {
    const auto found = exchange.json()[name];
    return found.exists() ? found.text() : std::string(otherwise);
}

awaitable<route_result> signup(exchange& exchange) {
    auto& services = exchange.services;
    auto email = exchange.text("email");
    const auto hashed = co_await hash_new_password(
        services, secret(exchange.text("password")), {email, exchange.text("display_name")}, "/password");
    if (const auto* refused = std::get_if<problem>(&hashed)) co_return *refused;
    const auto user = user_id::fresh();
    const auto birth_date = exchange.optional_text("birth_date"), parent_email = exchange.optional_text("parent_email");
    postgres::transaction create;
    create.caller = user;
    create.statements.push_back(sql::bind("auth.signup",
        {{"id", user}, {"email", email}, {"password_hash", std::get<std::string>(hashed)},
            {"display_name", exchange.optional_text("display_name")},
            {"metadata", json_text(exchange, "metadata", "{}")}, {"birth_date", birth_date},
            {"parent_email", parent_email}, {"sealed", seal_signup(services, user, birth_date, parent_email)},
            {"consents", json_text(exchange, "consents", "[]")}, {"address", exchange.request.address}}));
    // Of these two links the account gets the one that it needs.
    for (const auto* kind : {"verify_email", "parental_consent"})
        create.statements.push_back(link_statement(services, exchange.request, user, parent_email.value_or(""), kind));
    const auto rows = co_await services.database.run(std::move(create));
    if (!rows) co_return problem_of(rows.error());
    const auto outcome = rows->front().empty() ? std::string_view{} : rows->front().text(0, 0);
    if (outcome != "made" && outcome != "pending") co_return signup_problem(outcome);
    log::info("auth.signed_up", {{"user_id", user.text()}});
    wake_relay(services);
    co_return co_await open_session(
        services, exchange.request, {user, std::move(email), "user", true, false, std::get<std::string>(hashed)}, 201);
}

credentials read_credentials(const exchange& exchange) {
    return {exchange.text("email"), secret(exchange.text("password")), exchange.optional_text("code")};
}
awaitable<route_result> login(exchange& exchange) {
    return log_in(exchange.services, exchange.request, read_credentials(exchange), false);
}
awaitable<route_result> restore(exchange& exchange) {
    return log_in(exchange.services, exchange.request, read_credentials(exchange), true);
}

problem refresh_token_invalid() {
    return {401, "INVALID_REFRESH_TOKEN", "the refresh token is invalid or expired, log in again"};
}

awaitable<route_result> rotate(exchange& exchange, std::string token) {
    auto& services = exchange.services;
    // The successor is derived, so that a client that missed the response gets the same one within the grace period.
    const auto next = digest::base64url(digest::hmac_sha256(services.refresh_key, token));
    const auto rows = co_await postgres::run_one(services.database, std::nullopt,
        sql::bind("auth.refresh", {{"hash", digest::sha256_hex(token)}, {"next_hash", digest::sha256_hex(next)}}));
    if (!rows) co_return problem_of(rows.error());
    auto [outcome, session, user, email, role] =
        rows->read<std::string_view, session_id, user_id, std::string, std::string>(0);
    if (outcome == "reused") {
        log::warn("auth.refresh_token_reused", {{"user_id", user.text()}, {"session_id", session.text()}});
        co_await publish_session_end(services, session);
    }
    if (outcome == "refused")
        if (auto refused = co_await check_account_status(services, user)) co_return std::move(*refused);
    if (outcome != "rotated" && outcome != "grace") co_return refresh_token_invalid();
    const auto caller = co_await services.accounts.find(user, session);
    if (!caller) co_return problem_of(caller.error());
    if (!*caller) co_return refresh_token_invalid();
    const auto now = exchange.request.arrived;
    const tokens::claims claims{
        user, session, std::move(email), std::move(role), now, now + access_token_life(services)};
    co_return token_answer(services, exchange.request, claims, (*caller)->json, next, 200);
}

awaitable<route_result> refresh(exchange& exchange) {
    if (auto token = exchange.optional_text("refresh_token")) co_return co_await rotate(exchange, std::move(*token));
    const auto& options = exchange.services.options;
    const auto& request = exchange.request;
    if (transport_of(exchange.services, request) == token_transport::bearer)
        co_return invalid("/refresh_token", "refresh_token is required");
    // Pages of other origins cannot send the header that asks for cookies. Where the profile has them without it, the
    // browser's origin decides.
    const auto origin = request.header("origin");
    if (request.header(transport_header).empty() && !origin.empty() &&
        !origin_allowed(allowed_origins(exchange.services), origin, request.header("host")))
        co_return problem{403, "ORIGIN_NOT_ALLOWED", "Origin must be an allowed origin"};
    co_return co_await rotate(exchange, refresh_cookie(options, request));
}

awaitable<route_result> logout(exchange& exchange) {
    const auto& caller = *exchange.caller;
    const auto rows = co_await postgres::run_one(
        exchange.services.database, caller.id, sql::bind("sessions.log_out", {{"session", caller.session}}));
    if (!rows) co_return problem_of(rows.error());
    co_await publish_session_end(exchange.services, caller.session);
    auto out = success(200, R"({"logged_out":true})");
    clear_cookies(exchange.services, exchange.request, out);
    co_return out;
}

awaitable<route_result> session(exchange& exchange) {
    const auto& caller = *exchange.caller;
    json::object data;
    data.add_raw("user", caller.json).add("session_id", caller.session.text()).add_raw("features", caller.features);
    if (exchange.by_cookie) data.add("csrf_token", csrf_token(exchange.services, caller.session));
    co_return success(200, data.text());
}

problem wrong_password() { return {403, "WRONG_PASSWORD", "the current password is wrong"}; }

// The hash that the current password matches.
awaitable<std::variant<std::string, problem>> check_current_password(exchange& exchange) {
    auto& services = exchange.services;
    const auto& request = exchange.request;
    auto checked = co_await check_password(
        services, request, {exchange.caller->id, {}}, secret(exchange.text("current_password")));
    if (auto* refused = std::get_if<problem>(&checked)) co_return std::move(*refused);
    auto& account = std::get<password_account>(checked);
    co_await end_attempt(services, request, account, "confirmed");
    co_return std::move(account.password_hash);
}

awaitable<route_result> change_password(exchange& exchange) {
    auto& services = exchange.services;
    const auto& caller = *exchange.caller;
    auto verified = co_await check_current_password(exchange);
    if (auto* refused = std::get_if<problem>(&verified)) co_return std::move(*refused);
    const auto user = json::document::parse(caller.json);
    const auto text = [&](std::string_view name) { return std::string(user->root()[name].string().value_or("")); };
    const auto hashed = co_await hash_new_password(
        services, secret(exchange.text("new_password")), {text("email"), text("display_name")}, "/new_password");
    if (const auto* refused = std::get_if<problem>(&hashed)) co_return *refused;
    const bool ends_keys = exchange.json()["end_api_keys"].boolean().value_or(true);
    postgres::transaction save;
    save.caller = caller.id;
    save.statements.push_back(sql::bind("auth.set_password",
        {{"password_hash", std::get<std::string>(hashed)}, {"verified_hash", std::get<std::string>(verified)}}));
    save.statements.push_back(sql::bind("activity.add", {{"action", "password.changed"}}));
    save.statements.push_back(bind_notice(services, "auth.password_notice", {}, exchange.request));
    if (ends_keys) save.statements.push_back(sql::bind("api_keys.revoke_all", {}));
    const auto saved = co_await services.database.run(std::move(save));
    if (!saved) co_return problem_of(saved.error());
    if (saved->front().empty()) co_return wrong_password();
    wake_relay(services);
    const auto sessions = co_await end_sessions(services, caller.id, "password", std::nullopt, caller.session);
    if (!sessions) co_return problem_of(sessions.error());
    std::size_t keys = 0;
    if (ends_keys) keys = co_await publish_session_ends(services, std::string(saved->back().text(0, 0)));
    log::info("auth.password_changed",
        {{"user_id", caller.id.text()}, {"sessions_ended", *sessions}, {"api_keys_ended", keys}});
    co_return success(200, password_changed(*sessions, keys));
}

awaitable<route_result> reauthenticate(exchange& exchange) {
    co_return success(200, json::object().add("proved_until", to_text(exchange.request.arrived + proof_life)).text());
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/auth/signup",
        .name = "auth.signup",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = signup,
        .body_limit = small_body,
        .body = "Signup",
        .response = "Tokens",
        .issues_tokens = true,
        .status = 201,
        .other_statuses = "409",
        .summary = "Register and log in; a child's account is pending until a parent consents"},
    route{.method = verb::post,
        .path = "/auth/login",
        .name = "auth.login",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = login,
        .body_limit = small_body,
        .body = "Login",
        .response = "Tokens",
        .issues_tokens = true,
        .other_statuses = "401 403",
        .summary = "Log in with email and password, plus a code if two-factor authentication is on"},
    route{.method = verb::post,
        .path = "/auth/restore",
        .name = "auth.restore",
        .access = access::anyone,
        .rate_group = "auth",
        .handler = restore,
        .body_limit = small_body,
        .body = "Login",
        .response = "Tokens",
        .issues_tokens = true,
        .other_statuses = "401 403",
        .summary = "Restore a deleted account that is not yet erased, and log in"},
    route{.method = verb::post,
        .path = "/auth/refresh",
        .name = "auth.refresh",
        .access = access::anyone,
        .rate_group = "refresh",
        .unkeyed = "a refresh token works once, and a repetition within a moment is answered as before",
        .handler = refresh,
        .body_limit = text_body,
        .body = "Refresh",
        .response = "Tokens",
        .issues_tokens = true,
        .other_statuses = "401",
        .summary = "Exchange a refresh token for new tokens; each refresh token works once"},
    route{.method = verb::post,
        .path = "/auth/logout",
        .name = "auth.logout",
        .access = access::session,
        .handler = logout,
        .body_limit = small_body,
        .body = "Logout",
        .response = "LoggedOut",
        .summary = "End the current session",
        .allows_pending = true},
    route{.method = verb::get,
        .path = "/auth/session",
        .also = "/auth/me",
        .name = "auth.session",
        .handler = session,
        .response = "CurrentSession",
        .summary = "Get the current user and session",
        .allows_pending = true},
    route{.method = verb::get,
        .path = "/auth/login-history",
        .also = "/users/me/login-history",
        .name = "auth.login_history",
        .access = access::session,
        .query = "Page",
        .response = "LoginTry[]",
        .summary = "List recent login attempts"},
    route{.method = verb::post,
        .path = "/auth/change-password",
        .name = "auth.change_password",
        .access = access::session,
        .rate_group = "auth",
        .handler = change_password,
        .body_limit = text_body,
        .body = "PasswordChange",
        .response = "PasswordChanged",
        .summary = "Change the password; all other sessions end and, unless the request keeps them, all API keys"},
    route{.method = verb::post,
        .path = "/auth/reauthenticate",
        .name = "auth.reauthenticate",
        .access = access::session,
        .fresh = true,
        .proves = true,
        .rate_group = "auth",
        .handler = reauthenticate,
        .body_limit = small_body,
        .body = "Reauthentication",
        .response = "Reauthenticated",
        .summary = "Prove the caller's identity again, which changes of credentials need",
        .allows_pending = true},
};

}  // namespace

extern const std::span<const route> auth{rows};

}  // namespace airi::gateway::routes
