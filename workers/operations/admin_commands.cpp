#include "workers/operations/admin_commands.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "sql/statements.hpp"
#include "workers/operations/account_changes.hpp"

namespace airi::workers::operations {
namespace {

int refuse(std::string_view why) {
    fmt::print(stderr, "airi-ctl: {}\n", why);
    return 2;
}

// A value that a function does not take is the operator's mistake.
int failed(const error_code& why) {
    fmt::print(stderr, "airi-ctl: {}\n", why.message());
    return failure_of(why) == failure::refused ? 2 : 1;
}

// The message of a refusal, as the administrative API answers it.
std::optional<std::string> refusal_in(const json::document& answer) {
    const auto problem = answer.root()["problem"];
    if (!problem.exists()) return std::nullopt;
    return std::string(problem["message"].string().value_or("refused"));
}

// The one document of a function's answer; none was printed as the exit status says.
struct function_answer {
    std::optional<json::document> document;
    int status = 0;
    std::vector<std::string> ended;
};

// `has_ended`: the second column has ids of sessions and keys that have ended.
function_answer ask(operator_session& session, postgres::bound statement, std::optional<user_id> caller = {},
    std::string_view absent = "there is no such row", bool has_ended = false) {
    const auto rows = session.run(std::move(statement), caller);
    if (!rows) return {{}, failed(rows.error()), {}};
    if (rows->empty() || rows->is_null(0, 0)) return {{}, refuse(absent), {}};
    auto document = json::document::parse(rows->text(0, 0));
    if (!document) return {{}, failed(document.error()), {}};
    if (const auto refused = refusal_in(*document)) return {{}, refuse(*refused), {}};
    function_answer out{std::move(*document), 0, {}};
    if (has_ended && !rows->is_null(0, 1))
        if (const auto ids = json::document::parse(rows->text(0, 1)))
            ids->root().each([&](json::value id) { out.ended.emplace_back(id.string().value_or("")); });
    return out;
}

int print_each(const function_answer& got) {
    if (!got.document) return got.status;
    got.document->root().each([](json::value one) { fmt::print("{}\n", one.text()); });
    return 0;
}

int print_one(const function_answer& got) {
    if (!got.document) return got.status;
    fmt::print("{}\n", got.document->root().text());
    return 0;
}

postgres::bound find_statement(const admin_command& asked) {
    return sql::bind("admin.users",
        {{"email", asked.option("email")}, {"status", asked.option("status")}, {"plan", asked.option("plan")},
            {"role", asked.option("role")}, {"cursor", std::nullopt}, {"limit", asked.option("limit").value_or("20")}});
}

// By id or e-mail address; none: the status says why.
std::optional<user_id> find_user(operator_session& session, const std::string& name, int& status) {
    if (const auto id = user_id::parse(name)) return id;
    admin_command by_address;
    by_address.options = {{"email", name}, {"limit", "100"}};
    const auto got = ask(session, find_statement(by_address));
    status = got.status;
    if (!got.document) return std::nullopt;
    std::optional<user_id> out;
    const auto lower = [](std::string text) {
        for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        return text;
    };
    got.document->root().each([&](json::value one) {
        if (lower(std::string(one["email"].string().value_or(""))) == lower(name))
            out = user_id::parse(one["id"].string().value_or(""));
    });
    if (!out) status = refuse(fmt::format("no user has the id or the address \"{}\"", name));
    return out;
}

// The change is stored by now.
int tell_gateways(const secret& redis_url, user_id user, const std::vector<std::string>& ended) {
    if (!redis_url.empty() && announce_account(redis_url, user, ended)) return 0;
    fmt::print(stderr, "airi-ctl: {}: the change is stored, and open sockets stay open\n",
        redis_url.empty() ? "REDIS_URL is not set" : "Redis does not answer");
    return 1;
}

int act(operator_session& session, user_id user, std::string_view action, const std::string& body,
    const secret& redis_url) {
    const auto got = ask(session, sql::bind("admin.act", {{"id", user}, {"action", action}, {"body", body}}), {},
        fmt::format("there is no user {}", user.text()), true);
    if (const auto status = print_one(got); status != 0) return status;
    return tell_gateways(redis_url, user, got.ended);
}

int revoke(operator_session& session, user_id user, const std::string& key, const secret& redis_url) {
    if (key == "all") {
        const auto got = ask(session, sql::bind("api_keys.revoke_all", {}), user);
        if (!got.document) return got.status;
        std::vector<std::string> ended;
        got.document->root().each([&](json::value id) { ended.emplace_back(id.string().value_or("")); });
        fmt::print("{} keys revoked\n", ended.size());
        return tell_gateways(redis_url, user, ended);
    }
    if (!uuid::parse(key)) return refuse(fmt::format("\"{}\" is no key's id, and not \"all\"", key));
    const auto got =
        ask(session, sql::bind("api_keys.revoke", {{"id", key}}), user, fmt::format("the user has no key {}", key));
    if (const auto status = print_one(got); status != 0) return status;
    return tell_gateways(redis_url, user, {key});
}

int run_user_command(const admin_command& asked, operator_session& session, const secret& redis_url) {
    int status = 0;
    const auto user = find_user(session, asked.words[0], status);
    if (!user) return status;
    switch (asked.is) {
        case admin_act::suspend_user:
            return act(session, *user, "suspend",
                json::object().add("reason", *asked.option("reason")).add("until", asked.option("until")).text(),
                redis_url);
        case admin_act::restore_user: return act(session, *user, "reinstate", "{}", redis_url);
        case admin_act::set_role:
            return act(session, *user, "role", json::object().add("role", asked.words[1]).text(), redis_url);
        case admin_act::list_keys: return print_each(ask(session, sql::bind("api_keys.list", {}), user));
        case admin_act::revoke_key: return revoke(session, *user, asked.words[1], redis_url);
        default:
            return print_one(ask(session, sql::bind("admin.user", {{"id", *user}}), {},
                fmt::format("there is no user {}", user->text())));
    }
}

int show_setting(operator_session& session, const std::string& name) {
    const auto got = ask(session, sql::bind("admin.settings", {{"category", std::nullopt}}));
    if (!got.document) return got.status;
    bool found = false;
    got.document->root().each([&](json::value one) {
        if (one["key"].string() != name) return;
        fmt::print("{}\n", one.text());
        found = true;
    });
    return found ? 0 : refuse(fmt::format("no setting is named \"{}\"", name));
}

int set_setting(operator_session& session, const std::string& name, const std::string& value) {
    if (!json::document::parse(value)) return refuse(fmt::format("the value of {} is no JSON", name));
    const auto body = json::object().add_raw("value", value).text();
    return print_one(ask(session, sql::bind("admin.set", {{"key", name}, {"body", body}})));
}

}  // namespace

int run_admin_command(const admin_command& asked, operator_session& session, const secret& redis_url) {
    switch (asked.is) {
        case admin_act::find_users: return print_each(ask(session, find_statement(asked)));
        case admin_act::list_settings:
            return print_each(ask(session, sql::bind("admin.settings", {{"category", asked.option("category")}})));
        case admin_act::show_setting: return show_setting(session, asked.words[0]);
        case admin_act::set_setting: return set_setting(session, asked.words[0], asked.words[1]);
        default: return run_user_command(asked, session, redis_url);
    }
}

}  // namespace airi::workers::operations
