#include "workers/providers/call_metrics.hpp"

#include <algorithm>
#include <map>

#include "platform/telemetry/metrics.hpp"

namespace airi::workers::providers {
namespace {

double seconds_of(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

// The metrics of one model, found once. Models are rows of the price list, so they are few.
struct model_metrics {
    explicit model_metrics(const sql::generations::provider_call& call)
        : own{{"gen_ai_operation_name", "chat"}, {"gen_ai_provider_name", call.provider},
              {"gen_ai_request_model", call.model}},
          input(tokens("input")),
          output(tokens("output")),
          first(metrics::histogram_of("gen_ai_client_operation_time_to_first_chunk_seconds",
              "From the start of a call to its first token.", own, metrics::call_bounds)),
          cost(metrics::counter_of(
              "airi_gen_ai_cost_nanodollars_total", "The cost of a model's calls, in 10^-9 US dollars.", own)) {}

    metrics::histogram& tokens(const char* type) const {
        auto with = own;
        with.emplace_back("gen_ai_token_type", type);
        return metrics::histogram_of("gen_ai_client_token_usage", "Tokens of a call.", with, metrics::token_bounds);
    }
    metrics::histogram& duration(std::string_view error) {
        auto& found = durations[error];
        if (!found) {
            auto with = own;
            with.emplace_back("error_type", error);
            found = &metrics::histogram_of(
                "gen_ai_client_operation_duration_seconds", "A call of a model.", with, metrics::call_bounds);
        }
        return *found;
    }

    metrics::labels own;
    metrics::histogram &input, &output, &first;
    metrics::counter& cost;
    std::map<std::string_view, metrics::histogram*> durations;  // by the failure's name; empty: none
};

model_metrics& metrics_of(const sql::generations::provider_call& call) {
    static thread_local std::map<std::string, model_metrics> all;
    return all.try_emplace(call.provider + '/' + call.model, call).first->second;
}

}  // namespace

void measure_call(
    const sql::generations::provider_call& call, const error_code& error, std::optional<milliseconds> first_token) {
    auto& model = metrics_of(call);
    model.duration(error ? name_of(failure_of(error)) : std::string_view{}).observe(seconds_of(call.latency_ms));
    model.input.observe(static_cast<double>(call.tokens.in));
    model.output.observe(static_cast<double>(call.tokens.out));
    if (first_token) model.first.observe(seconds_of(first_token->count()));
    model.cost.add(static_cast<std::uint64_t>(std::max<std::int64_t>(call.cost_nanousd, 0)));
}

void show_breakers(const health_table& table, moment now) {
    table.each([&](std::string_view provider, const health& health) {
        const auto state = health.current(now);
        metrics::gauge_of("airi_provider_breaker_state", "0: closed, 1: half open, 2: open, no call is made.",
            {{"gen_ai_provider_name", std::string(provider)}})
            .set(state == health::state::closed      ? 0
                 : state == health::state::half_open ? 1
                                                     : 2);
    });
}

}  // namespace airi::workers::providers
