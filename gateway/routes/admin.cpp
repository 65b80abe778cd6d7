// For admins and supers: users, the profile's settings and flags, what was done. The database asks again who may.
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/response_cache.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// Takes effect at every gateway at once: what they know of the user's sessions and keys is forgotten, their sockets
// end.
awaitable<route_result> act(exchange& exchange, std::string_view action) {
    const auto user = user_id::parse(exchange.path.front());
    if (!user) co_return not_found("user");
    postgres::transaction change;
    change.caller = exchange.caller->id;
    change.statements.push_back(sql::bind("admin.act",
        {{"id", *user}, {"action", action}, {"body", exchange.body ? exchange.request.body : std::string("{}")}}));
    const auto rows = co_await exchange.services.database.run(std::move(change));
    if (!rows)
        co_return failure_of(rows.error()) == failure::refused ? bad_request("a value is malformed")
                                                               : problem_of(rows.error());
    const auto& row = rows->front();
    if (row.empty()) co_return not_found("user");
    if (auto refused = refusal_of(row.text(0, 0))) co_return std::move(*refused);
    co_await exchange.services.responses.invalidate(*user);
    co_await tell_sessions_ended(exchange.services, std::string(row.text(0, 1)));
    log::info("admin.acted", {{"action", action}, {"user_id", user->text()}, {"actor", exchange.caller->id.text()}});
    co_return success(200, row.text(0, 0));
}

awaitable<route_result> suspend(exchange& exchange) { return act(exchange, "suspend"); }
awaitable<route_result> ban(exchange& exchange) { return act(exchange, "ban"); }
awaitable<route_result> reinstate(exchange& exchange) { return act(exchange, "reinstate"); }
awaitable<route_result> end_sessions(exchange& exchange) { return act(exchange, "end_sessions"); }
awaitable<route_result> set_plan(exchange& exchange) { return act(exchange, "plan"); }
awaitable<route_result> set_role(exchange& exchange) { return act(exchange, "role"); }
awaitable<route_result> remove(exchange& exchange) { return act(exchange, "delete"); }

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/admin/users",
        .name = "admin.users",
        .who = access::admin,
        .query = "UserSearch",
        .answers = "AdminUser[]",
        .about = "Users by a part of their address, status, plan or role"},
    route{.method = verb::get,
        .path = "/admin/users/{id}",
        .name = "admin.user",
        .who = access::admin,
        .answers = "AdminUserDetail",
        .about = "One, with sessions, use and what moderation found"},
    route{.method = verb::post,
        .path = "/admin/users/{id}/suspend",
        .name = "admin.suspend",
        .who = access::admin,
        .run = suspend,
        .body_limit = small_body,
        .body = "Suspension",
        .answers = "AdminUser",
        .about = "Suspend until a time, or until further notice"},
    route{.method = verb::post,
        .path = "/admin/users/{id}/ban",
        .name = "admin.ban",
        .who = access::admin,
        .run = ban,
        .body_limit = small_body,
        .body = "Ban",
        .answers = "AdminUser",
        .about = "Ban"},
    route{.method = verb::post,
        .path = "/admin/users/{id}/reinstate",
        .name = "admin.reinstate",
        .who = access::admin,
        .run = reinstate,
        .body_limit = small_body,
        .answers = "AdminUser",
        .about = "Let a suspended, banned or deleted account act again"},
    route{.method = verb::post,
        .path = "/admin/users/{id}/end-sessions",
        .name = "admin.end_sessions",
        .who = access::admin,
        .run = end_sessions,
        .body_limit = small_body,
        .answers = "AdminUser",
        .about = "End every session"},
    route{.method = verb::put,
        .path = "/admin/users/{id}/plan",
        .name = "admin.plan",
        .who = access::admin,
        .run = set_plan,
        .body_limit = small_body,
        .body = "PlanChange",
        .answers = "AdminUser",
        .about = "Give a plan"},
    route{.method = verb::put,
        .path = "/admin/users/{id}/role",
        .name = "admin.role",
        .who = access::super,
        .run = set_role,
        .body_limit = small_body,
        .body = "RoleChange",
        .answers = "AdminUser",
        .about = "Give a role"},
    route{.method = verb::del,
        .path = "/admin/users/{id}",
        .name = "admin.delete",
        .who = access::super,
        .run = remove,
        .answers = "AdminUser",
        .about = "Delete an account: it may not act any more"},
    route{.method = verb::get,
        .path = "/admin/settings",
        .name = "admin.settings",
        .who = access::admin,
        .query = "SettingSearch",
        .answers = "Setting[]",
        .about = "All settings, the private ones too"},
    route{.method = verb::put,
        .path = "/admin/settings/{key}",
        .name = "admin.set",
        .who = access::admin,
        .body_limit = small_body,
        .body = "SettingChange",
        .answers = "Setting",
        .about = "Set one, which the profile then leaves alone"},
    route{.method = verb::get,
        .path = "/admin/feature-flags",
        .name = "admin.flags",
        .who = access::admin,
        .answers = "FeatureFlag[]",
        .about = "All flags"},
    route{.method = verb::put,
        .path = "/admin/feature-flags/{name}",
        .name = "admin.flag",
        .who = access::admin,
        .body_limit = small_body,
        .body = "FeatureFlagChange",
        .answers = "FeatureFlag",
        .about = "Set one, which the profile then leaves alone"},
    route{.method = verb::get,
        .path = "/admin/audit-log",
        .name = "admin.audit",
        .who = access::admin,
        .query = "AuditSearch",
        .answers = "AuditEntry[]",
        .about = "What was done, of one account or of all"},
};

}  // namespace

const std::span<const route> admin{rows};

}  // namespace airi::gateway::routes
