// Signup, login, refresh, logout, session, usage.
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/cookies.hpp"
#include "gateway/auth/issue_tokens.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

struct credentials {
    std::string email;
    secret password;
};

credentials read_credentials(const json::value& body) {
    return {
        std::string(body["email"].string().value_or("")), secret(std::string(body["password"].string().value_or("")))};
}

awaitable<route_result> signup(exchange& exchange) {
    auto [email, password] = read_credentials(exchange.json());
    const auto metadata = exchange.json()["metadata"], consents = exchange.json()["consents"];
    const auto text = [&](std::string_view member) {
        const auto given = exchange.json()[member].string();
        return given ? std::optional(std::string(*given)) : std::nullopt;
    };
    auto hash = co_await exchange.services.hashing.hash(password);
    if (!hash) co_return problem_of(hash.error());
    const auto user = user_id::fresh();
    postgres::transaction make;
    make.caller = user;
    make.statements.push_back(sql::bind("auth.signup",
        {{"id", user}, {"email", email}, {"password_hash", *hash}, {"display_name", text("display_name")},
            {"metadata", metadata.exists() ? metadata.text() : std::string("{}")}, {"birth_date", text("birth_date")},
            {"parent_email", text("parent_email")},
            {"consents", consents.exists() ? consents.text() : std::string("[]")},
            {"address", exchange.request.address}}));
    make.statements.push_back(
        sql::bind("user_keys.create", {{"key", exchange.services.master.wrap(seal::key::fresh(), user)}}));
    const auto rows = co_await exchange.services.database.run(std::move(make));
    if (!rows) co_return problem_of(rows.error());
    const auto outcome = rows->front().empty() ? std::string_view{} : rows->front().text(0, 0);
    if (outcome != "made" && outcome != "pending") co_return signup_fault(outcome);
    log::info("auth.signup", {{"user_id", user.text()}});
    send_link(exchange.services, exchange.request, user, {}, outcome == "made" ? "verify_email" : "parental_consent");
    co_return co_await open_session(exchange.services, exchange.request, user, std::move(email), "user", 201, true);
}

// The second factor, when the account has one; nothing when it is right.
awaitable<std::optional<problem>> check_code(exchange& exchange, user_id user, const std::string& email) {
    const auto code = exchange.json()["code"].string();
    if (!code) co_return problem{401, "TWO_FACTOR_REQUIRED", "a code of the second factor is needed"};
    postgres::transaction take;
    take.statements.push_back(sql::bind("two_factor.verify", {{"user", user}, {"code", *code}}));
    const auto rows = co_await exchange.services.database.run(std::move(take));
    if (!rows) co_return problem_of(rows.error());
    if (!rows->front().is_null(0, 0)) co_return std::nullopt;
    co_await record_login_attempt(exchange.services, exchange.request, email, user, "wrong_code");
    co_return problem{401, "WRONG_CODE", "this code is not right, or was used before"};
}

// A closed account, to whoever has shown its password: until when it can be taken back.
awaitable<route_result> tell_closed(exchange& exchange, user_id user) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("account_deletion.erase_at", {{"user", user}}));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    const auto at = rows->front().empty() || rows->front().is_null(0, 0)
                        ? std::nullopt
                        : std::optional(std::string(rows->front().text(0, 0)));
    co_return problem{403, "ACCOUNT_DELETED", "this account is closed", json::object().add("erase_at", at).text()};
}

awaitable<std::optional<problem>> take_back(exchange& exchange, user_id user) {
    postgres::transaction restore;
    restore.statements.push_back(sql::bind("account_deletion.restore", {{"user", user}}));
    const auto rows = co_await exchange.services.database.run(std::move(restore));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().text(0, 0) != "t")
        co_return problem{403, "ACCOUNT_DELETED", "this account can no longer be taken back"};
    log::info("account.restored", {{"user_id", user.text()}});
    co_return std::nullopt;
}

awaitable<route_result> sign_in(exchange& exchange, bool restoring) {
    auto [email, password] = read_credentials(exchange.json());
    postgres::transaction find;
    find.statements.push_back(sql::bind("auth.find_user", {{"email", email}}));
    const auto rows = co_await exchange.services.database.run(std::move(find));
    if (!rows) co_return problem_of(rows.error());
    const auto& user = rows->front();
    const auto known = user.is_null(0, 0) ? std::nullopt : user_id::parse(user.text(0, 0));
    if (const auto locked = user.text(0, 6); locked != "0") {
        co_await record_login_attempt(exchange.services, exchange.request, email, known, "locked");
        problem p{429, "ACCOUNT_LOCKED", "too many failures, try again later"};
        p.retry_after = std::stoll(std::string(locked));
        co_return p;
    }
    const std::string hash(user.is_null(0, 1) ? std::string_view{} : user.text(0, 1));
    const auto right = co_await exchange.services.hashing.verify(password, hash);
    if (!right) co_return problem_of(right.error());
    if (!*right || !known) {
        co_await record_login_attempt(exchange.services, exchange.request, email, known, "wrong_password");
        co_return problem{401, "WRONG_CREDENTIALS", "the address or the password is wrong"};
    }
    const bool closed = user.text(0, 2) == "deleted";
    if (closed && !restoring) co_return co_await tell_closed(exchange, *known);
    if (!closed && user.text(0, 2) != "active")
        if (auto refused = co_await check_standing(exchange.services, *known)) co_return std::move(*refused);
    if (user.text(0, 5) == "t")
        if (auto wrong = co_await check_code(exchange, *known, email)) co_return std::move(*wrong);
    if (passwords::needs_rehash(hash)) {
        if (const auto fresh = co_await exchange.services.hashing.hash(password)) {
            postgres::transaction save;
            save.caller = *known;
            save.statements.push_back(sql::bind("auth.set_password", {{"password_hash", *fresh}}));
            co_await exchange.services.database.run(std::move(save));
        }
    }
    if (closed)
        if (auto late = co_await take_back(exchange, *known)) co_return std::move(*late);
    co_await record_login_attempt(exchange.services, exchange.request, email, known, "success");
    co_return co_await open_session(
        exchange.services, exchange.request, *known, std::string(user.text(0, 4)), std::string(user.text(0, 3)), 200);
}

awaitable<route_result> login(exchange& exchange) { return sign_in(exchange, false); }
awaitable<route_result> restore(exchange& exchange) { return sign_in(exchange, true); }

awaitable<route_result> refresh(exchange& exchange) {
    const auto given = exchange.json()["refresh_token"].string();
    // The header that asks for cookies is what no page of another origin can send along with one.
    const auto token = given                             ? std::string(*given)
                       : wants_cookies(exchange.request) ? refresh_cookie(exchange.services.options, exchange.request)
                                                         : std::string{};
    if (!given && !wants_cookies(exchange.request)) co_return invalid("/refresh_token", "is needed");
    // The successor is derived, so that a client whose answer was lost gets the same one within the grace.
    const auto next = digest::base64url(digest::hmac_sha256(exchange.services.refresh_key, token));
    postgres::transaction exchange_it;
    exchange_it.statements.push_back(
        sql::bind("auth.refresh", {{"hash", digest::sha256_hex(token)}, {"next_hash", digest::sha256_hex(next)}}));
    const auto rows = co_await exchange.services.database.run(std::move(exchange_it));
    if (!rows) co_return problem_of(rows.error());
    const auto outcome = rows->front().text(0, 0);
    const auto session = session_id::parse(rows->front().text(0, 1)).value_or(session_id{});
    const auto user = user_id::parse(rows->front().text(0, 2)).value_or(user_id{});
    if (outcome == "reused") {
        log::warn("auth.refresh_reused", {{"user_id", user.text()}, {"session_id", session.text()}});
        co_await tell_session_ended(exchange.services, session);
    }
    if (outcome == "refused")
        if (auto refused = co_await check_standing(exchange.services, user)) co_return std::move(*refused);
    if (outcome != "rotated" && outcome != "grace") co_return problem{401, "INVALID_REFRESH_TOKEN", "log in again"};
    const auto caller = co_await exchange.services.accounts.find(user, session);
    if (!caller) co_return problem_of(caller.error());
    if (!*caller) co_return problem{401, "INVALID_REFRESH_TOKEN", "log in again"};
    const tokens::claims who{user, session, std::string(rows->front().text(0, 3)),
        std::string(rows->front().text(0, 4)), exchange.request.arrived,
        exchange.request.arrived + exchange.services.options.access_token_life};
    co_return token_answer(exchange.services, exchange.request, who, (*caller)->json, next, 200);
}

awaitable<route_result> logout(exchange& exchange) {
    postgres::transaction end;
    end.caller = exchange.caller->id;
    end.statements.push_back(sql::bind("sessions.log_out", {{"session", exchange.caller->session}}));
    const auto rows = co_await exchange.services.database.run(std::move(end));
    if (!rows) co_return problem_of(rows.error());
    co_await tell_session_ended(exchange.services, exchange.caller->session);
    auto out = success(200, R"({"logged_out":true})");
    clear_cookies(exchange.services.options, exchange.request, out);
    co_return out;
}

awaitable<route_result> session(exchange& exchange) {
    json::object data;
    data.add_raw("user", exchange.caller->json)
        .add("session_id", exchange.caller->session.text())
        .add_raw("features", exchange.caller->features);
    if (exchange.by_cookie) data.add("csrf_token", csrf_token(exchange.services, exchange.caller->session));
    co_return success(200, data.text());
}

awaitable<route_result> usage(exchange& exchange) {
    postgres::transaction ask;
    ask.caller = exchange.caller->id;
    ask.statements.push_back(sql::bind("usage.today", {}));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    const auto used = json::document::parse(rows->front().empty() ? "{}" : rows->front().text(0, 0));
    const auto midnight = std::chrono::floor<std::chrono::days>(exchange.request.arrived) + std::chrono::days{1};
    std::string list;
    for (const auto& [name, amount] : exchange.caller->limits) {
        const auto slash = name.find('/');
        if (name.substr(slash + 1) != "day") continue;
        const auto resource = name.substr(0, slash);
        list += (list.empty() ? "" : ",") + json::object()
                                                .add("resource", resource)
                                                .add("used", used ? used->root()[resource].integer().value_or(0) : 0)
                                                .add("limit", amount)
                                                .add("resets_at", to_text(midnight))
                                                .text();
    }
    co_return success(
        200, json::object().add("plan", exchange.caller->plan).add_raw("resources", "[" + list + "]").text());
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/auth/signup",
        .name = "auth.signup",
        .who = access::anyone,
        .group = "auth",
        .run = signup,
        .body_limit = small_body,
        .body = "Signup",
        .answers = "Tokens",
        .status = 201,
        .also = "409",
        .about = "A new account, signed in; a child's is pending until a parent agrees"},
    route{.method = verb::post,
        .path = "/auth/login",
        .name = "auth.login",
        .who = access::anyone,
        .group = "auth",
        .run = login,
        .body_limit = small_body,
        .body = "Login",
        .answers = "Tokens",
        .also = "401 403",
        .about = "Sign in with address and password, and a code where the second factor is on"},
    route{.method = verb::post,
        .path = "/auth/restore",
        .name = "auth.restore",
        .who = access::anyone,
        .group = "auth",
        .run = restore,
        .body_limit = small_body,
        .body = "Login",
        .answers = "Tokens",
        .also = "401 403",
        .about = "Take back one's account that is not erased yet, and sign in"},
    route{.method = verb::post,
        .path = "/auth/refresh",
        .name = "auth.refresh",
        .who = access::anyone,
        .group = "refresh",
        .run = refresh,
        .body_limit = small_body,
        .body = "Refresh",
        .answers = "Tokens",
        .also = "401",
        .about = "New tokens for a refresh token, once"},
    route{.method = verb::post,
        .path = "/auth/logout",
        .name = "auth.logout",
        .who = access::session,
        .run = logout,
        .body_limit = small_body,
        .answers = "LoggedOut",
        .about = "End this session",
        .pending = true},
    route{.method = verb::get,
        .path = "/auth/session",
        .name = "auth.session",
        .run = session,
        .answers = "CurrentSession",
        .about = "Who is signed in",
        .pending = true},
    route{.method = verb::get,
        .path = "/users/profile",
        .name = "profile.get",
        .answers = "Profile",
        .about = "The caller's profile",
        .keep = seconds{3600}},
    route{.method = verb::put,
        .path = "/users/profile",
        .name = "profile.update",
        .who = access::session,
        .body_limit = small_body,
        .body = "ProfileUpdate",
        .answers = "Profile",
        .about = "Change it: what is not named stays, objects are merged"},
    route{.method = verb::patch,
        .path = "/users/profile",
        .name = "profile.update",
        .who = access::session,
        .body_limit = small_body,
        .body = "ProfileUpdate",
        .answers = "Profile",
        .about = "The same as PUT"},
    route{.method = verb::get,
        .path = "/users/statistics",
        .name = "profile.statistics",
        .answers = "Statistics",
        .about = "What the caller has done so far"},
    route{.method = verb::get,
        .path = "/usage/summary",
        .name = "usage.summary",
        .run = usage,
        .answers = "UsageSummary",
        .about = "Today's use and limits"},
    route{.method = verb::get,
        .path = "/subscription/current",
        .name = "subscription.current",
        .answers = "Subscription",
        .about = "The caller's plan, its price and limits"},
};

}  // namespace

const std::span<const route> accounts{rows};

}  // namespace airi::gateway::routes
