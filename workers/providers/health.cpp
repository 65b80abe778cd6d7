#include "workers/providers/health.hpp"

namespace airi::workers::providers {

bool health::allows(moment now) {
    if (!open_) return true;
    if (now < until_ || (probing_ && now < probe_until_)) return false;
    probing_ = true;
    probe_until_ = now + policy_.open_for;
    return true;
}

void health::succeeded(moment, milliseconds latency) {
    const auto ms = static_cast<double>(latency.count());
    latency_ms_ = timed_ ? latency_ms_ + policy_.weight_of_new * (ms - latency_ms_) : ms;
    timed_ = true;
    success_rate_ += policy_.weight_of_new * (1 - success_rate_);
    close();
}

void health::failed(moment now, error_code why, milliseconds retry_after) {
    if (why == errc::prompt_refused || why == errc::bad_model) {
        if (probing_) close();
        return;
    }
    success_rate_ -= policy_.weight_of_new * success_rate_;
    ++failures_;
    const bool asked_to_wait = why == errc::rate_limited && retry_after > milliseconds{0};
    if (asked_to_wait)
        open(now + retry_after);
    else if (probing_ || failures_ >= policy_.failures_to_open)
        open(now + policy_.open_for);
}

void health::abandoned() { probing_ = false; }

health::state health::current(moment now) const {
    if (!open_) return state::closed;
    return now < until_ ? state::open : state::half_open;
}

// Calls in progress when the breaker opened may still fail; they do not shorten the pause.
void health::open(moment until) {
    until_ = open_ && !probing_ ? std::max(until_, until) : until;
    open_ = true;
    probing_ = false;
}

void health::close() {
    failures_ = 0;
    open_ = false;
    probing_ = false;
}

health& health_table::of(std::string_view provider) {
    const auto found = all_.find(provider);
    if (found != all_.end()) return found->second;
    return all_.emplace(std::string(provider), health(policy_)).first->second;
}

void health_table::each(const std::function<void(std::string_view, const health&)>& visit) const {
    for (const auto& [name, health] : all_) visit(name, health);
}

}  // namespace airi::workers::providers
