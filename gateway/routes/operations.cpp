// For operators and balancers: liveness, readiness, the dependency report, metrics; for clients the documents of the
// API.
#include "gateway/api/asyncapi.hpp"
#include "gateway/api/openapi.hpp"
#include "gateway/routes/tables.hpp"
#include "platform/telemetry/metrics.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

response plain(unsigned status, std::string text) {
    response out;
    out.status = status;
    out.body = std::move(text);
    out.content_type = "text/plain; charset=utf-8";
    return out;
}

// Independent of other servers.
awaitable<route_result> live(exchange&) { co_return plain(200, "ok\n"); }

awaitable<route_result> ready(exchange& exchange) {
    if (!exchange.services.database.available()) co_return plain(503, "postgres is away\n");
    if (!exchange.services.publisher.available()) co_return plain(503, "kafka is away\n");
    co_return plain(200, "ok\n");
}

awaitable<route_result> health(exchange& exchange) {
    auto& services = exchange.services;
    json::object checks;
    checks.add("database", services.database.available())
        .add("kafka", services.publisher.available())
        .add("cache", services.redis.available());
    std::string providers = "[]";
    if (services.database.available()) {
        const auto rows =
            co_await postgres::run_one(services.database, std::nullopt, sql::bind("provider_health.list", {}));
        if (rows && !rows->empty()) providers = rows->text(0, 0);
    }
    const bool healthy = services.database.available() && services.publisher.available();
    json::object body;
    body.add("status", healthy ? "healthy" : "degraded")
        .add("timestamp", to_text(exchange.request.arrived))
        .add_raw("checks", checks.text())
        .add_raw("providers", providers);
    co_return success(healthy ? 200 : 503, body.text());
}

awaitable<route_result> metrics(exchange&) {
    auto out = plain(200, airi::metrics::all().text());
    out.content_type = "text/plain; version=0.0.4; charset=utf-8";
    co_return out;
}

route_result document(const std::string& text) {
    response out;
    out.body = text;
    out.headers.emplace_back("Cache-Control", "no-cache");
    return answer(std::move(out));
}

awaitable<route_result> openapi(exchange& exchange) {
    static const std::string text = openapi_document(exchange.services.routes.tables());
    co_return document(text);
}
awaitable<route_result> asyncapi(exchange&) { co_return document(asyncapi_document()); }

constexpr std::array rows{
    route{.method = verb::get,
        .path = "=/healthz",
        .name = "operations.live",
        .access = access::anyone,
        .handler = live,
        .response_media = "text/plain",
        .summary = "Check that the process is alive, regardless of its dependencies"},
    route{.method = verb::get,
        .path = "=/readyz",
        .name = "operations.ready",
        .access = access::anyone,
        .handler = ready,
        .response_media = "text/plain",
        .other_statuses = "503",
        .summary = "Check that Postgres and Kafka are available"},
    route{.method = verb::get,
        .path = "=/metrics",
        .name = "operations.metrics",
        .access = access::anyone,
        .handler = metrics,
        .response_media = "text/plain",
        .summary = "Get metrics for Prometheus"},
    route{.method = verb::get,
        .path = "/health",
        .name = "operations.health",
        .access = access::anyone,
        .handler = health,
        .response = "Health",
        .other_statuses = "503",
        .summary = "Get the health of every dependency and provider"},
    route{.method = verb::get,
        .path = "=/openapi.json",
        .name = "operations.openapi",
        .access = access::anyone,
        .handler = openapi,
        .response_media = "application/json",
        .summary = "Get this document"},
    route{.method = verb::get,
        .path = "=/asyncapi.json",
        .name = "operations.asyncapi",
        .access = access::anyone,
        .handler = asyncapi,
        .response_media = "application/json",
        .summary = "Get the AsyncAPI document of WebSocket frames and Kafka topics"},
};

}  // namespace

extern const std::span<const route> operations{rows};

}  // namespace airi::gateway::routes
