// What keeps an account its owner's: sessions, password, second factor, API keys, the history of signing in.
#include "gateway/api/data_route.hpp"
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/cookies.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t recovery_codes = 10;

// Ends sessions of the caller's on every gateway; how many there were.
awaitable<result<std::size_t>> end_sessions(
    exchange& exchange, std::string_view why, std::optional<session_id> only, std::optional<session_id> but) {
    postgres::transaction end;
    end.caller = exchange.caller->id;
    end.statements.push_back(sql::bind("sessions.end", {{"why", why}, {"only", only}, {"but", but}}));
    const auto rows = co_await exchange.services.database.run(std::move(end));
    if (!rows) co_return rows.error();
    for (std::size_t i = 0; i < rows->front().size(); ++i) {
        co_await tell_session_ended(
            exchange.services, session_id::parse(rows->front().text(i, 0)).value_or(session_id{}));
    }
    co_return rows->front().size();
}

awaitable<route_result> end_one(exchange& exchange) {
    const auto id = session_id::parse(exchange.path.front());
    if (!id) co_return not_found("session");
    const auto ended = co_await end_sessions(exchange, "logout", *id, std::nullopt);
    if (!ended) co_return problem_of(ended.error());
    if (*ended == 0) co_return not_found("session");
    co_return success(200, json::object().add("id", id->text()).text());
}

awaitable<route_result> end_all(exchange& exchange) {
    const auto ended = co_await end_sessions(exchange, "logout", std::nullopt, std::nullopt);
    if (!ended) co_return problem_of(ended.error());
    auto out = success(200, json::object().add("ended", *ended).text());
    clear_cookies(exchange.services.options, exchange.request, out);
    co_return out;
}

awaitable<route_result> change_password(exchange& exchange) {
    const auto text = [&](std::string_view name) {
        return secret(std::string(exchange.json()[name].string().value_or("")));
    };
    postgres::transaction ask;
    ask.caller = exchange.caller->id;
    ask.statements.push_back(sql::bind("auth.password_hash", {}));
    const auto rows = co_await exchange.services.database.run(std::move(ask));
    if (!rows) co_return problem_of(rows.error());
    const std::string hash(
        rows->front().empty() || rows->front().is_null(0, 0) ? std::string_view{} : rows->front().text(0, 0));
    const auto right = co_await exchange.services.hashing.verify(text("current_password"), hash);
    if (!right) co_return problem_of(right.error());
    if (!*right) co_return problem{403, "WRONG_PASSWORD", "the current password is wrong"};
    const auto fresh = co_await exchange.services.hashing.hash(text("new_password"));
    if (!fresh) co_return problem_of(fresh.error());
    postgres::transaction save;
    save.caller = exchange.caller->id;
    save.statements.push_back(sql::bind("auth.set_password", {{"password_hash", *fresh}}));
    save.statements.push_back(sql::bind("activity.add", {{"action", "password.changed"}}));
    if (const auto saved = co_await exchange.services.database.run(std::move(save)); !saved)
        co_return problem_of(saved.error());
    const auto ended = co_await end_sessions(exchange, "password", std::nullopt, exchange.caller->session);
    if (!ended) co_return problem_of(ended.error());
    send_notice(exchange.services, exchange.request, exchange.caller->id, "password_changed",
        {{"time", to_text(exchange.request.arrived)}});
    log::info("auth.password_changed", {{"user_id", exchange.caller->id.text()}, {"sessions_ended", *ended}});
    co_return success(200, json::object().add("changed", true).add("sessions_ended", *ended).text());
}

// RFC 4648 base32 without padding, as authenticator apps read it.
std::string base32(std::string_view bytes) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    unsigned held = 0, bits = 0;
    for (const unsigned char byte : bytes) {
        held = (held << 8 | byte) & 0xFFFF;
        for (bits += 8; bits >= 5; bits -= 5) out += alphabet[held >> (bits - 5) & 31];
    }
    if (bits > 0) out += alphabet[held << (5 - bits) & 31];
    return out;
}

awaitable<route_result> set_up_two_factor(exchange& exchange) {
    const auto bytes = random::bytes(20);
    postgres::transaction make;
    make.caller = exchange.caller->id;
    make.statements.push_back(sql::bind("two_factor.setup", {{"secret", digest::hex(bytes)}}));
    const auto rows = co_await exchange.services.database.run(std::move(make));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().empty() || rows->front().is_null(0, 0))
        co_return problem{409, "TWO_FACTOR_ON", "the second factor is on already"};
    const auto parsed = json::document::parse(exchange.caller->json);
    const auto shown = base32(bytes);
    const auto label = std::string(parsed->root()["email"].string().value_or(""));
    co_return success(200, json::object()
                               .add("secret", shown)
                               .add("otpauth_url", "otpauth://totp/airi:" + label + "?secret=" + shown +
                                                       "&issuer=airi&algorithm=SHA1&digits=6&period=30")
                               .text());
}

awaitable<route_result> enable_two_factor(exchange& exchange) {
    std::vector<std::string> hashes;
    std::string shown;
    for (std::size_t i = 0; i < recovery_codes; ++i) {
        const auto code = digest::hex(random::bytes(8));
        hashes.push_back(digest::sha256_hex(code));
        shown += (shown.empty() ? "" : ",") + json::quoted(code);
    }
    postgres::transaction enable;
    enable.caller = exchange.caller->id;
    enable.statements.push_back(sql::bind(
        "two_factor.enable", {{"code", exchange.json()["code"].string().value_or("")}, {"recovery", hashes}}));
    const auto rows = co_await exchange.services.database.run(std::move(enable));
    if (!rows) co_return problem_of(rows.error());
    if (auto refused = refusal_of(rows->front().text(0, 0))) co_return std::move(*refused);
    log::info("auth.two_factor_enabled", {{"user_id", exchange.caller->id.text()}});
    co_return success(200, json::object().add_raw("recovery_codes", "[" + shown + "]").text());
}

// A statement that makes a key: the key is shown this once, and its owner is told of it.
awaitable<route_result> make_key(exchange& exchange, const api_key& key, postgres::bound statement) {
    postgres::transaction make;
    make.caller = exchange.caller->id;
    make.statements.push_back(std::move(statement));
    const auto rows = co_await exchange.services.database.run(std::move(make));
    if (!rows) co_return problem_of(rows.error());
    if (rows->front().empty() || rows->front().is_null(0, 0)) co_return not_found("API key");
    auto row = std::string(rows->front().text(0, 0));
    if (auto refused = refusal_of(row)) co_return std::move(*refused);
    send_notice(exchange.services, exchange.request, exchange.caller->id, "api_key_created",
        {{"key", key.prefix}, {"time", to_text(exchange.request.arrived)}});
    row.pop_back();
    co_return success(201, row + ",\"key\":" + json::quoted(key.whole.reveal()) + "}");
}

awaitable<route_result> create_key(exchange& exchange) {
    const auto key = fresh_api_key();
    co_return co_await make_key(exchange, key,
        sql::bind("api_keys.create",
            {{"id", uuid::v7()}, {"prefix", key.prefix}, {"hash", key.hash}, {"body", exchange.request.body}}));
}

awaitable<route_result> rotate_key(exchange& exchange) {
    const auto old = session_id::parse(exchange.path.front());
    if (!old) co_return not_found("API key");
    const auto overlap = exchange.json()["overlap_seconds"].integer().value_or(86'400);
    const auto key = fresh_api_key();
    auto out = co_await make_key(exchange, key,
        sql::bind("api_keys.rotate",
            {{"id", *old}, {"new_id", uuid::v7()}, {"prefix", key.prefix}, {"hash", key.hash}, {"overlap", overlap}}));
    if (overlap == 0 && std::holds_alternative<answer>(out)) co_await tell_session_ended(exchange.services, *old);
    co_return out;
}

awaitable<route_result> revoke_key(exchange& exchange) {
    constexpr route statement{.method = verb::del, .path = "/api-keys/{id}", .name = "api_keys.revoke"};
    auto out = co_await answer_data(exchange, statement);
    if (std::holds_alternative<answer>(out))
        co_await tell_session_ended(exchange.services, session_id::parse(exchange.path.front()).value_or(session_id{}));
    co_return out;
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/auth/sessions",
        .name = "sessions.list",
        .who = access::session,
        .answers = "Session[]",
        .about = "Where the caller is signed in"},
    route{.method = verb::del,
        .path = "/auth/sessions/{id}",
        .name = "sessions.end",
        .who = access::session,
        .run = end_one,
        .answers = "Id",
        .about = "End one session"},
    route{.method = verb::post,
        .path = "/auth/logout-all",
        .name = "sessions.end_all",
        .who = access::session,
        .run = end_all,
        .body_limit = small_body,
        .answers = "SessionsEnded",
        .about = "End every session, this one too"},
    route{.method = verb::get,
        .path = "/auth/login-history",
        .name = "auth.login_history",
        .who = access::session,
        .query = "Page",
        .answers = "LoginTry[]",
        .about = "The last tries to sign in"},
    route{.method = verb::post,
        .path = "/auth/change-password",
        .name = "auth.change_password",
        .who = access::session,
        .group = "auth",
        .run = change_password,
        .body_limit = small_body,
        .body = "PasswordChange",
        .answers = "PasswordChanged",
        .about = "Change the password; the other sessions end"},
    route{.method = verb::get,
        .path = "/auth/2fa",
        .name = "two_factor.status",
        .who = access::session,
        .answers = "TwoFactor",
        .about = "Whether the second factor is on"},
    route{.method = verb::post,
        .path = "/auth/2fa/setup",
        .name = "two_factor.setup",
        .who = access::session,
        .run = set_up_two_factor,
        .body_limit = small_body,
        .answers = "TwoFactorSecret",
        .also = "409",
        .about = "A secret for an authenticator app; it counts once a code of it was shown"},
    route{.method = verb::post,
        .path = "/auth/2fa/enable",
        .name = "two_factor.enable",
        .who = access::session,
        .group = "auth",
        .run = enable_two_factor,
        .body_limit = small_body,
        .body = "Code",
        .answers = "RecoveryCodes",
        .also = "409",
        .about = "Turn the second factor on"},
    route{.method = verb::post,
        .path = "/auth/2fa/disable",
        .name = "two_factor.disable",
        .who = access::session,
        .group = "auth",
        .body_limit = small_body,
        .body = "Code",
        .answers = "TwoFactorOff",
        .also = "409",
        .about = "Turn the second factor off"},
    route{.method = verb::get,
        .path = "/api-keys",
        .name = "api_keys.list",
        .who = access::session,
        .answers = "ApiKey[]",
        .about = "The caller's API keys"},
    route{.method = verb::post,
        .path = "/api-keys",
        .name = "api_keys.create",
        .who = access::session,
        .run = create_key,
        .body_limit = small_body,
        .body = "ApiKeyCreate",
        .answers = "ApiKey",
        .status = 201,
        .also = "402",
        .about = "A new API key; `key` is shown this once"},
    route{.method = verb::post,
        .path = "/api-keys/{id}/rotate",
        .name = "api_keys.rotate",
        .who = access::session,
        .run = rotate_key,
        .body_limit = small_body,
        .body = "ApiKeyRotate",
        .answers = "ApiKey",
        .status = 201,
        .also = "409",
        .about = "A key in its place; the old one ends after an overlap"},
    route{.method = verb::del,
        .path = "/api-keys/{id}",
        .name = "api_keys.revoke",
        .who = access::session,
        .run = revoke_key,
        .answers = "Id",
        .about = "Revoke an API key"},
};

}  // namespace

const std::span<const route> security{rows};

}  // namespace airi::gateway::routes
