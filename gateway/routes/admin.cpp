// For admins and supers: users, settings and feature flags, the audit log. The database checks the role again.
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/response_cache.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// Takes effect on every gateway at once: cached responses and sessions are forgotten, sockets closed.
awaitable<route_result> act(exchange& exchange, std::string_view action) {
    const auto user = user_id::parse(exchange.path.front());
    if (!user) co_return not_found("user");
    const auto& caller = exchange.caller->id;
    const auto rows = co_await postgres::run_one(exchange.services.database, caller,
        sql::bind("admin.act",
            {{"id", *user}, {"action", action}, {"body", exchange.body ? exchange.request.body : std::string("{}")}}));
    if (!rows)
        co_return failure_of(rows.error()) == failure::refused ? bad_request("a value is malformed")
                                                               : problem_of(rows.error());
    if (rows->empty()) co_return not_found("user");
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    co_await exchange.services.responses.invalidate(*user);
    co_await publish_session_ends(exchange.services, std::string(rows->text(0, 1)));
    log::info("admin.acted", {{"action", action}, {"user_id", user->text()}, {"actor", caller.text()}});
    co_return success(200, rows->text(0, 0));
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
        .access = access::admin,
        .query = "UserSearch",
        .response = "AdminUser[]",
        .summary = "Search users by part of the email address, status, plan or role"},
    route{.method = verb::get,
        .path = "/admin/users/{id}",
        .name = "admin.user",
        .access = access::admin,
        .response = "AdminUserDetail",
        .summary = "Get a user with their sessions, usage and moderation findings"},
    route{.method = verb::post,
        .path = "/admin/users/{id}/suspend",
        .name = "admin.suspend",
        .access = access::admin,
        .handler = suspend,
        .body_limit = small_body,
        .body = "Suspension",
        .response = "AdminUser",
        .summary = "Suspend a user until a given time, or indefinitely"},
    route{.method = verb::post,
        .path = "/admin/users/{id}/ban",
        .name = "admin.ban",
        .access = access::admin,
        .handler = ban,
        .body_limit = small_body,
        .body = "Ban",
        .response = "AdminUser",
        .summary = "Ban a user"},
    route{.method = verb::post,
        .path = "/admin/users/{id}/reinstate",
        .name = "admin.reinstate",
        .access = access::admin,
        .handler = reinstate,
        .body_limit = small_body,
        .response = "AdminUser",
        .summary = "Reinstate a suspended, banned or deleted account"},
    route{.method = verb::post,
        .path = "/admin/users/{id}/end-sessions",
        .name = "admin.end_sessions",
        .access = access::admin,
        .handler = end_sessions,
        .body_limit = small_body,
        .response = "AdminUser",
        .summary = "End all sessions of a user"},
    route{.method = verb::put,
        .path = "/admin/users/{id}/plan",
        .name = "admin.plan",
        .access = access::admin,
        .handler = set_plan,
        .body_limit = small_body,
        .body = "PlanChange",
        .response = "AdminUser",
        .summary = "Set a user's plan"},
    route{.method = verb::put,
        .path = "/admin/users/{id}/role",
        .name = "admin.role",
        .access = access::super,
        .handler = set_role,
        .body_limit = small_body,
        .body = "RoleChange",
        .response = "AdminUser",
        .summary = "Set a user's role"},
    route{.method = verb::del,
        .path = "/admin/users/{id}",
        .name = "admin.delete",
        .access = access::super,
        .handler = remove,
        .response = "AdminUser",
        .summary = "Delete an account; it can be reinstated"},
    route{.method = verb::get,
        .path = "/admin/settings",
        .name = "admin.settings",
        .access = access::admin,
        .query = "SettingSearch",
        .response = "Setting[]",
        .summary = "List all settings, including private ones"},
    route{.method = verb::put,
        .path = "/admin/settings/{key}",
        .name = "admin.set",
        .access = access::admin,
        .body_limit = small_body,
        .body = "SettingChange",
        .response = "Setting",
        .summary = "Set a setting; the deployment profile no longer overwrites it"},
    route{.method = verb::get,
        .path = "/admin/feature-flags",
        .name = "admin.flags",
        .access = access::admin,
        .response = "FeatureFlag[]",
        .summary = "List all feature flags"},
    route{.method = verb::put,
        .path = "/admin/feature-flags/{name}",
        .name = "admin.flag",
        .access = access::admin,
        .body_limit = small_body,
        .body = "FeatureFlagChange",
        .response = "FeatureFlag",
        .summary = "Set a feature flag; the deployment profile no longer overwrites it"},
    route{.method = verb::get,
        .path = "/admin/audit-log",
        .name = "admin.audit",
        .access = access::admin,
        .query = "AuditSearch",
        .response = "AuditEntry[]",
        .summary = "List audit log entries, of one account or of all"},
};

}  // namespace

extern const std::span<const route> admin{rows};

}  // namespace airi::gateway::routes
