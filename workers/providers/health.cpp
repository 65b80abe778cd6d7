#include "workers/providers/health.hpp"

namespace airi::workers::providers {

bool health::allows(moment now) {
    if (!x_open) return true;
    if (now < x_until || (x_probing && now < x_probe_until)) return false;
    x_probing = true;
    x_probe_until = now + x_policy.open_for;
    return true;
}

void health::succeeded(moment, milliseconds latency) {
    const auto ms = static_cast<double>(latency.count());
    x_latency_ms = x_timed ? x_latency_ms + x_policy.weight_of_new * (ms - x_latency_ms) : ms;
    x_timed = true;
    x_success_rate += x_policy.weight_of_new * (1 - x_success_rate);
    close();
}

void health::failed(moment now, error_code why, milliseconds retry_after) {
    if (why == errc::prompt_refused || why == errc::bad_model) {
        if (x_probing) close();
        return;
    }
    x_success_rate -= x_policy.weight_of_new * x_success_rate;
    ++x_failures;
    const bool told_to_wait = why == errc::rate_limited && retry_after > milliseconds{0};
    if (told_to_wait)
        open(now + retry_after);
    else if (x_probing || x_failures >= x_policy.failures_to_open)
        open(now + x_policy.open_for);
}

void health::abandoned() { x_probing = false; }

health::state health::current(moment now) const {
    if (!x_open) return state::closed;
    return now < x_until ? state::open : state::half_open;
}

// Calls that were under way when the breaker opened may still fail; they do not shorten a pause.
void health::open(moment until) {
    x_until = x_open && !x_probing ? std::max(x_until, until) : until;
    x_open = true;
    x_probing = false;
}

void health::close() {
    x_failures = 0;
    x_open = false;
    x_probing = false;
}

health& health_table::of(std::string_view provider) {
    const auto found = x_all.find(provider);
    if (found != x_all.end()) return found->second;
    return x_all.emplace(std::string(provider), health(x_policy)).first->second;
}

void health_table::each(const std::function<void(std::string_view, const health&)>& visit) const {
    for (const auto& [name, of] : x_all) visit(name, of);
}

}  // namespace airi::workers::providers
