#include "workers/runtime/ledger_events.hpp"

#include "events/usage.hpp"

namespace airi::workers {

void add_ledger_events(
    after_commit& to, const ledger_source& of, const std::vector<sql::generations::ledger_line>& lines) {
    for (const auto& line : lines) {
        const auto& tokens = line.tokens;
        const auto quantity = of.resource == "tokens" ? tokens.in + tokens.out : line.outcome == "completed";
        const events::usage_recorded used{.user = of.user,
            .resource = std::string(of.resource),
            .quantity = quantity,
            .provider = line.provider,
            .model = line.model,
            .tokens_in = tokens.in,
            .tokens_out = tokens.out,
            .cost_nanousd = line.cost_nanousd,
            .outcome = line.outcome,
            .reference = of.reference,
            .occurred_at = line.at,
            .tokens_cached = tokens.cached,
            .tokens_reasoning = tokens.reasoning,
            .price_version = line.price_version};
        to.events.push_back(events::envelope(used, {line.id, of.source, line.at, of.traceparent}));
    }
}

}  // namespace airi::workers
