// For operators and balancers: liveness, readiness, the dependency report; for clients the documents of the API. The
// metrics are on a port of their own, see main.cpp.
#include <array>
#include <chrono>

#include "gateway/api/asyncapi.hpp"
#include "gateway/api/openapi.hpp"
#include "gateway/routes/tables.hpp"
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
    const auto missing = missing_of(exchange.services);
    co_return missing.empty() ? plain(200, "ok\n") : plain(503, std::string(missing) + "\n");
}

// The providers of the last minutes, as JSON; none before a worker has reported.
awaitable<std::string> reported_providers(services& services) {
    if (!services.database.available()) co_return "[]";
    const auto rows =
        co_await postgres::run_one(services.database, std::nullopt, sql::bind("provider_health.list", {}));
    co_return rows && !rows->empty() ? std::string(rows->text(0, 0)) : "[]";
}

const auto started = std::chrono::steady_clock::now();

// Whether a provider may still be called; also when none is reported.
bool has_usable_provider(std::string_view providers) {
    const auto parsed = json::document::parse(providers);
    int reported = 0, usable = 0;
    if (parsed)
        parsed->root().each([&](json::value each) {
            ++reported;
            usable += each["state"].string() != "open";
        });
    return reported == 0 || usable > 0;
}

struct dependency {
    std::string_view name, error;
    bool works;
};

awaitable<route_result> report(exchange& exchange) {
    auto& services = exchange.services;
    const auto providers = co_await reported_providers(services);
    const std::array dependencies{
        dependency{"db", "Postgres cannot be reached", services.database.available()},
        dependency{"redis", "Redis cannot be reached", services.redis.available()},
        dependency{"kafka", "Kafka cannot be reached", services.publisher.available()},
        dependency{"llm", "no provider works", has_usable_provider(providers)},
    };
    json::object checks;
    json::array failures;
    for (const auto& [name, error, works] : dependencies) {
        checks.add(name, works);
        if (!works) failures.add(json::object().add("service", name).add("error", error));
    }
    const auto uptime = std::chrono::duration_cast<seconds>(std::chrono::steady_clock::now() - started);
    const bool healthy = failures.empty();
    json::object body;
    body.add("status", healthy ? "healthy" : "degraded")
        .add("service", services.catalogue.rows()->answers.service)
        .add("version", services.options.version)
        .add("uptime", uptime.count())
        .add("timestamp", to_text(exchange.request.arrived))
        .add_raw("checks", checks.text())
        .add_raw("failures", failures.text())
        .add_raw("providers", providers);
    co_return success(healthy ? 200u : 503u, body.text());
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
        .name = "health.live",
        .access = access::anyone,
        .handler = live,
        .response_media = "text/plain",
        .summary = "Check that the process is alive, regardless of its dependencies"},
    route{.method = verb::get,
        .path = "=/readyz",
        .name = "health.ready",
        .access = access::anyone,
        .handler = ready,
        .response_media = "text/plain",
        .other_statuses = "503",
        .summary = "Check that Postgres and Kafka are available"},
    route{.method = verb::get,
        .path = "/health",
        .name = "health.report",
        .access = access::anyone,
        .handler = report,
        .response = "Health",
        .other_statuses = "503",
        .summary = "Get the health of every dependency and provider; 503 when one does not work"},
    route{.method = verb::get,
        .path = "=/health",
        .name = "health.probe",
        .access = access::anyone,
        .rate_group = "anonymous",
        .handler = report,
        .response = "Health",
        .other_statuses = "503",
        .summary = "Same as /api/v1/health, without the envelope for probes",
        .bare = true},
    route{.method = verb::get,
        .path = "/admin/system/health",
        .name = "health.system_health",
        .access = access::admin,
        .handler = report,
        .response = "Health",
        .other_statuses = "503",
        .summary = "Get the health of every dependency and provider, for administrators"},
    route{.method = verb::get,
        .path = "=/openapi.json",
        .name = "health.openapi",
        .access = access::anyone,
        .handler = openapi,
        .response_media = "application/json",
        .summary = "Get this document"},
    route{.method = verb::get,
        .path = "=/asyncapi.json",
        .name = "health.asyncapi",
        .access = access::anyone,
        .handler = asyncapi,
        .response_media = "application/json",
        .summary = "Get the AsyncAPI document of WebSocket frames and Kafka topics"},
};

}  // namespace

extern const std::span<const route> health{rows};

}  // namespace airi::gateway::routes
