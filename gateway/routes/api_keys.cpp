// API keys: a key is shown once, when it is created.
#include "gateway/auth/api_keys.hpp"
#include "gateway/api/data_route.hpp"
#include "gateway/auth/account_mail.hpp"
#include "gateway/auth/session_revocation.hpp"
#include "gateway/routes/tables.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

// Runs a statement that stores a new key. The response shows the key; its owner gets a notice.
awaitable<route_result> store_key(exchange& exchange, const uuid& id, const api_key& key, postgres::bound statement) {
    auto& services = exchange.services;
    postgres::transaction store;
    store.caller = exchange.caller->id;
    store.statements.push_back(std::move(statement));
    store.statements.push_back(bind_notice(services, "api_keys.notice", {{"id", id}}, exchange.request));
    const auto all = co_await services.database.run(std::move(store));
    if (!all) co_return problem_of(all.error());
    const auto& rows = all->front();
    if (rows.empty() || rows.is_null(0, 0)) co_return not_found("API key");
    if (auto refused = refusal_of(rows.text(0, 0))) co_return std::move(*refused);
    wake_relay(services);
    json::object shown;
    const auto stored = json::document::parse(rows.text(0, 0));
    stored->root().members([&](std::string_view name, json::value value) { shown.add_raw(name, value.text()); });
    co_return success(201, shown.add("key", key.whole.reveal()).text());
}

awaitable<route_result> create(exchange& exchange) {
    const auto key = make_api_key();
    const auto id = uuid::v7();
    co_return co_await store_key(exchange, id, key,
        sql::bind("api_keys.create",
            {{"id", id}, {"prefix", key.prefix}, {"hash", key.hash}, {"body", exchange.body_text()}}));
}

awaitable<route_result> rotate(exchange& exchange) {
    const auto old = session_id::parse(exchange.path.front());
    if (!old) co_return not_found("API key");
    const auto overlap = exchange.json()["overlap_seconds"].integer().value_or(86'400);
    const auto key = make_api_key();
    const auto id = uuid::v7();
    auto out = co_await store_key(exchange, id, key,
        sql::bind("api_keys.rotate",
            {{"id", *old}, {"new_id", id}, {"prefix", key.prefix}, {"hash", key.hash}, {"overlap", overlap}}));
    if (overlap == 0 && std::holds_alternative<answer>(out)) co_await publish_session_end(exchange.services, *old);
    co_return out;
}

awaitable<route_result> revoke(exchange& exchange) {
    auto out = co_await answer_data(exchange);
    if (std::holds_alternative<answer>(out))
        co_await publish_session_end(
            exchange.services, session_id::parse(exchange.path.front()).value_or(session_id{}));
    co_return out;
}

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/api-keys",
        .also = "/users/me/api-keys",
        .name = "api_keys.list",
        .access = access::session,
        .response = "ApiKey[]",
        .summary = "List the caller's API keys"},
    route{.method = verb::post,
        .path = "/api-keys",
        .also = "/users/me/api-keys",
        .name = "api_keys.create",
        .access = access::session,
        .fresh = true,
        .handler = create,
        .body_limit = small_body,
        .body = "ApiKeyCreate",
        .response = "ApiKey",
        .status = 201,
        .other_statuses = "402",
        .summary = "Create an API key; `key` is returned only once",
        .proved = true},
    route{.method = verb::post,
        .path = "/api-keys/{id}/rotate",
        .name = "api_keys.rotate",
        .access = access::session,
        .fresh = true,
        .handler = rotate,
        .body_limit = small_body,
        .body = "ApiKeyRotate",
        .response = "ApiKey",
        .status = 201,
        .other_statuses = "409",
        .summary = "Replace an API key; the old key expires after an overlap",
        .proved = true},
    route{.method = verb::del,
        .path = "/api-keys/{id}",
        .also = "/users/me/api-keys/{id}",
        .name = "api_keys.revoke",
        .access = access::session,
        .handler = revoke,
        .response = "Id",
        .summary = "Revoke an API key"},
};

}  // namespace

extern const std::span<const route> api_keys{rows};

}  // namespace airi::gateway::routes
