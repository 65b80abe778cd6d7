#include "gateway/auth/fresh_proof.hpp"

#include "gateway/auth/auth_problems.hpp"
#include "gateway/auth/passwords.hpp"
#include "gateway/auth/second_factor.hpp"
#include "platform/base/json.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

bool is_fresh(const account& caller, const request& request) {
    return !caller.by_key && request.arrived < caller.proved_at + proof_life;
}

awaitable<std::optional<problem>> check(
    services& services, const request& request, const account& caller, const identity_proof& proof) {
    if (proof.password) {
        auto checked = co_await check_password(services, request, {caller.id, {}}, secret(*proof.password));
        if (auto* refused = std::get_if<problem>(&checked)) co_return std::move(*refused);
        co_await end_attempt(services, request, std::get<password_account>(checked), "confirmed");
        co_return std::nullopt;
    }
    co_return co_await check_second_factor(services, request, caller.id, proof.code.value_or(""), 403);
}

}  // namespace

awaitable<std::optional<problem>> prove(
    services& services, const request& request, const account& caller, const identity_proof& proof) {
    if (auto refused = co_await check(services, request, caller, proof)) co_return refused;
    const auto rows = co_await postgres::run_one(
        services.database, caller.id, sql::bind("sessions.prove", {{"session", caller.session}}));
    if (!rows) co_return problem_of(rows.error());
    services.accounts.invalidate(caller.session);
    co_return std::nullopt;
}

awaitable<std::optional<problem>> require_fresh_proof(
    services& services, const request& request, const account& caller) {
    if (is_fresh(caller, request)) co_return std::nullopt;
    const auto now = co_await services.accounts.find_again(caller.id, caller.session);
    if (!now) co_return problem_of(now.error());
    if (*now && is_fresh(**now, request)) co_return std::nullopt;
    const auto rows = co_await postgres::run_one(services.database, caller.id, sql::bind("auth.proofs", {}));
    if (!rows) co_return problem_of(rows.error());
    co_return problem{403, "REAUTHENTICATION_REQUIRED",
        "confirm that it is you with POST /auth/reauthenticate, or log in again",
        json::object().add_raw("proofs", rows->empty() ? std::string_view("[]") : rows->text(0, 0)).text()};
}

}  // namespace airi::gateway
