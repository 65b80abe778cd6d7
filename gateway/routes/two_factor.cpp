// The second factor of signing in: codes of an authenticator app (TOTP), and recovery codes.
#include "gateway/routes/tables.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t recovery_codes = 10;

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

awaitable<route_result> set_up(exchange& exchange) {
    const auto& caller = *exchange.caller;
    const auto bytes = random::bytes(20);
    const auto rows = co_await postgres::run_one(
        exchange.services.database, caller.id, sql::bind("two_factor.setup", {{"secret", digest::hex(bytes)}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty() || rows->is_null(0, 0))
        co_return problem{409, "TWO_FACTOR_ON", "two-factor authentication is already enabled"};
    const auto account = json::document::parse(caller.json);
    const auto email = std::string(account->root()["email"].string().value_or(""));
    const auto secret = base32(bytes);
    co_return success(200, json::object()
                               .add("secret", secret)
                               .add("otpauth_url", "otpauth://totp/airi:" + email + "?secret=" + secret +
                                                       "&issuer=airi&algorithm=SHA1&digits=6&period=30")
                               .text());
}

awaitable<route_result> enable(exchange& exchange) {
    std::vector<std::string> hashes;
    json::array codes;
    for (std::size_t i = 0; i < recovery_codes; ++i) {
        const auto code = digest::hex(random::bytes(8));
        hashes.push_back(digest::sha256_hex(code));
        codes.add(code);
    }
    const auto& caller = *exchange.caller;
    postgres::transaction save;
    save.caller = caller.id;
    save.statements.push_back(sql::bind("two_factor.enable", {{"code", exchange.text("code")}, {"recovery", hashes}}));
    save.statements.push_back(sql::bind("sessions.second_factor", {{"session", caller.session}}));
    const auto rows = co_await exchange.services.database.run(std::move(save));
    if (!rows) co_return problem_of(rows.error());
    if (auto refused = refusal_of(rows->front().text(0, 0))) co_return std::move(*refused);
    exchange.services.accounts.invalidate(caller.session);
    log::info("auth.two_factor_enabled", {{"user_id", caller.id.text()}});
    co_return success(200, json::object().add_raw("recovery_codes", codes.text()).text());
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/auth/2fa",
        .name = "two_factor.status",
        .access = access::session,
        .response = "TwoFactor",
        .summary = "Get the state of two-factor authentication"},
    route{.method = verb::post,
        .path = "/auth/2fa/setup",
        .name = "two_factor.setup",
        .access = access::session,
        .handler = set_up,
        .body_limit = small_body,
        .body = "Empty",
        .response = "TwoFactorSecret",
        .other_statuses = "409",
        .summary = "Create a secret for an authenticator app; it takes effect once a code is confirmed"},
    route{.method = verb::post,
        .path = "/auth/2fa/enable",
        .name = "two_factor.enable",
        .access = access::session,
        .rate_group = "auth",
        .handler = enable,
        .body_limit = small_body,
        .body = "Code",
        .response = "RecoveryCodes",
        .other_statuses = "409",
        .summary = "Enable two-factor authentication"},
    route{.method = verb::post,
        .path = "/auth/2fa/disable",
        .name = "two_factor.disable",
        .access = access::session,
        .rate_group = "auth",
        .body_limit = small_body,
        .body = "Code",
        .response = "TwoFactorOff",
        .other_statuses = "409",
        .summary = "Disable two-factor authentication"},
};

}  // namespace

extern const std::span<const route> two_factor{rows};

}  // namespace airi::gateway::routes
