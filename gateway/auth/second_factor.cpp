#include "gateway/auth/second_factor.hpp"

#include "gateway/auth/auth_problems.hpp"
#include "platform/base/ascii.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/random.hpp"
#include "platform/crypto/sealed_value.hpp"
#include "platform/crypto/totp.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view column = "two_factor.secret";

// As it is hashed and compared: without the separators of groups, in lower case.
std::string plain_code(std::string_view code) {
    std::string out;
    for (const char c : code)
        if (c != ' ' && c != '-') out += lower(c);
    return out;
}

// Empty when the user's key is lost: then the recovery codes still count.
result<std::optional<std::string>> open_seed(
    const seal::master& master, user_id user, const std::string& stored, const std::optional<std::string>& wrapped) {
    const auto key = wrapped ? master.unwrap(*wrapped, user) : result<seal::key>(seal::errc::broken);
    if (!key && key.error() == seal::errc::unknown_master) return key.error();
    const auto hex = seal::open_value(key ? &*key : nullptr, user, column, stored);
    if (hex) return digest::from_hex(*hex);
    log::error("two_factor.seed_unreadable", {{"user_id", user.text()}});
    return std::optional<std::string>{};
}

}  // namespace

awaitable<result<std::string>> claim_of_code(
    services& services, const request& request, user_id user, const std::string& code) {
    const auto rows =
        co_await postgres::run_one(services.database, std::nullopt, sql::bind("two_factor.seed", {{"user", user}}));
    if (!rows) co_return rows.error();
    const auto plain = plain_code(code);
    json::object claim;
    if (!rows->empty()) {
        const auto [stored, wrapped] = rows->read<std::string, std::optional<std::string>>(0);
        const auto seed = open_seed(services.master, user, stored, wrapped);
        if (!seed) co_return seed.error();
        claim.add("seed", stored);
        if (*seed) claim.add("step", totp::matching_step(**seed, plain, now()));
    }
    claim.add("recovery", digest::sha256_hex(plain));
    co_return claim.add("address", request.address).add("agent", request.header("user-agent")).text();
}

awaitable<std::optional<problem>> check_second_factor(
    services& services, const request& request, user_id user, const std::string& code, unsigned status) {
    const auto claim = co_await claim_of_code(services, request, user, code);
    if (!claim) co_return problem_of(claim.error());
    const auto rows = co_await postgres::run_one(
        services.database, std::nullopt, sql::bind("two_factor.accept", {{"user", user}, {"claim", *claim}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->is_null(0, 0)) co_return wrong_code(status);
    co_return std::nullopt;
}

std::string seal_seed(const seal::key& key, user_id user, std::string_view seed) {
    return seal::seal_value(key, user, column, digest::hex(seed));
}

recovery_code recovery_code::fresh() {
    const auto plain = digest::hex(random::bytes(16));
    recovery_code out{{}, digest::sha256_hex(plain)};
    for (std::size_t at = 0; at < plain.size(); at += 4) out.shown.append(at == 0 ? "" : "-").append(plain, at, 4);
    return out;
}

}  // namespace airi::gateway
