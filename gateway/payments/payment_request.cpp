#include "gateway/payments/payment_request.hpp"

#include <algorithm>

#include "gateway/realtime/channel_wait.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr seconds longest_wait{20};
constexpr milliseconds poll_interval{1'000};

// The answer of a request that has one.
std::optional<route_result> answer_of(std::string_view row, unsigned status) {
    const auto parsed = json::document::parse(row);
    const auto state = parsed ? parsed->root()["state"].string().value_or("") : "";
    const auto given = parsed ? parsed->root()["result"] : json::value{};
    if (state == "done") return success(status, given.text());
    if (state != "refused") return std::nullopt;
    return problem{static_cast<unsigned>(given["status"].integer().value_or(409)),
        std::string(given["code"].string().value_or("")), std::string(given["message"].string().value_or(""))};
}

// Of a request that an administrator has made.
std::optional<user_id> payer_of(std::string_view row) {
    const auto parsed = json::document::parse(row);
    return parsed ? user_id::parse(parsed->root()["user"].string().value_or("")) : std::nullopt;
}

}  // namespace

awaitable<route_result> request_payment(services& services, const request& request, payment_ask ask) {
    if (!services.publisher.available()) co_return problem_of(postgres::errc::unavailable);
    const auto made = co_await postgres::run_one(services.database, ask.caller,
        sql::bind("payments.request", {{"id", ask.id}, {"kind", ask.kind}, {"body", ask.body}}));
    if (!made) co_return problem_of(made.error());
    if (made->is_null(0, 0)) co_return not_found("payment");
    if (auto refused = refusal_of(made->text(0, 0))) co_return std::move(*refused);
    if (auto known = answer_of(made->text(0, 0), ask.status)) co_return std::move(*known);
    channel_wait done(services.channels, services.executor, events::channel_of(ask.id));
    co_await done.subscribe();
    const events::payment_requested event{payer_of(made->text(0, 0)).value_or(ask.caller), ask.id};
    const auto sent =
        co_await publish_event(services.publisher, event, event_id::of(ask.id.value, "requested"), request);
    if (!sent) co_return problem_of(sent.error());
    const auto deadline = std::chrono::steady_clock::now() + longest_wait;
    while (std::chrono::steady_clock::now() < deadline) {
        co_await done.wait(poll_interval);
        const auto row =
            co_await postgres::run_one(services.database, ask.caller, sql::bind("payments.result", {{"id", ask.id}}));
        if (!row) co_return problem_of(row.error());
        if (auto known = answer_of(row->text(0, 0), ask.status)) co_return std::move(*known);
    }
    log::warn("payments.no_answer", {{"request_id", ask.id.text()}, {"kind", ask.kind}});
    co_return problem{503, "TRY_AGAIN", "the payment provider is taking too long; look again in a moment", "null", 5};
}

std::optional<std::string> return_url(
    const services& services, const std::optional<std::string>& given, std::string_view page) {
    if (!given) return services.options.public_url + std::string(page);
    const auto origins = allowed_origins(services);
    const bool ours = std::ranges::any_of(origins, [&](const std::string& origin) {
        return given->starts_with(origin) && (given->size() == origin.size() || (*given)[origin.size()] == '/');
    });
    return ours ? given : std::nullopt;
}

}  // namespace airi::gateway
