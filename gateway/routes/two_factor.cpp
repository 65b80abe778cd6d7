// The second factor of signing in: codes of an authenticator app (TOTP), and recovery codes.
#include "gateway/auth/second_factor.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/crypto/random.hpp"
#include "platform/crypto/totp.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::size_t recovery_codes = 10;

awaitable<route_result> set_up(exchange& exchange) {
    const auto& caller = *exchange.caller;
    if (!caller.key) co_return problem_of(make_error_code(seal::errc::unknown_master));
    const auto seed = random::bytes(20);
    const auto rows = co_await postgres::run_one(exchange.services.database, caller.id,
        sql::bind("two_factor.setup", {{"secret", seal_seed(*caller.key, caller.id, seed)}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty() || rows->is_null(0, 0))
        co_return problem{409, "TWO_FACTOR_ON", "two-factor authentication is already enabled"};
    const auto account = json::document::parse(caller.json);
    const auto email = std::string(account->root()["email"].string().value_or(""));
    const auto secret = totp::base32(seed);
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
        auto code = recovery_code::fresh();
        hashes.push_back(std::move(code.hash));
        codes.add(code.shown);
    }
    const auto& caller = *exchange.caller;
    const auto claim = co_await claim_of_code(exchange.services, exchange.request, caller.id, exchange.text("code"));
    if (!claim) co_return problem_of(claim.error());
    postgres::transaction save;
    save.caller = caller.id;
    save.statements.push_back(sql::bind("two_factor.enable", {{"claim", *claim}, {"recovery", hashes}}));
    save.statements.push_back(sql::bind("sessions.second_factor", {{"session", caller.session}}));
    const auto rows = co_await exchange.services.database.run(std::move(save));
    if (!rows) co_return problem_of(rows.error());
    if (auto refused = refusal_of(rows->front().text(0, 0))) co_return std::move(*refused);
    exchange.services.accounts.invalidate(caller.session);
    co_return success(200, json::object().add_raw("recovery_codes", codes.text()).text());
}

awaitable<route_result> disable(exchange& exchange) {
    const auto& caller = exchange.caller->id;
    const auto claim = co_await claim_of_code(exchange.services, exchange.request, caller, exchange.text("code"));
    if (!claim) co_return problem_of(claim.error());
    const auto rows = co_await postgres::run_one(
        exchange.services.database, caller, sql::bind("two_factor.disable", {{"claim", *claim}}));
    if (!rows) co_return problem_of(rows.error());
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    co_return success(200, rows->text(0, 0));
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
        .fresh = true,
        .handler = set_up,
        .body_limit = small_body,
        .body = "Empty",
        .response = "TwoFactorSecret",
        .other_statuses = "409",
        .summary = "Create a secret for an authenticator app; it takes effect once a code is confirmed",
        .proved = true},
    route{.method = verb::post,
        .path = "/auth/2fa/enable",
        .name = "two_factor.enable",
        .access = access::session,
        .fresh = true,
        .rate_group = "auth",
        .handler = enable,
        .body_limit = small_body,
        .body = "Code",
        .response = "RecoveryCodes",
        .other_statuses = "409",
        .summary = "Enable two-factor authentication",
        .proved = true},
    route{.method = verb::post,
        .path = "/auth/2fa/disable",
        .name = "two_factor.disable",
        .access = access::session,
        .fresh = true,
        .rate_group = "auth",
        .handler = disable,
        .body_limit = small_body,
        .body = "Code",
        .response = "TwoFactorOff",
        .other_statuses = "409",
        .summary = "Disable two-factor authentication"},
};

}  // namespace

extern const std::span<const route> two_factor{rows};

}  // namespace airi::gateway::routes
