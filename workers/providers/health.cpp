#include "workers/providers/health.hpp"

#include <algorithm>

namespace airi::workers::providers {

bool health::allows(moment now) {
    if (!open_) return true;
    if (now < until_ || (trying_ && now < trial_until_)) return false;
    trying_ = true;
    trial_until_ = now + policy_.open_for;
    return true;
}

void health::succeeded(moment now, milliseconds latency) {
    measured_ = now;
    const auto ms = static_cast<double>(latency.count());
    latency_ms_ = timed_ ? latency_ms_ + policy_.weight_of_new * (ms - latency_ms_) : ms;
    timed_ = true;
    success_rate_ += policy_.weight_of_new * (1 - success_rate_);
    close();
}

void health::failed(moment now, error_code why, milliseconds retry_after) {
    measured_ = now;
    if (why != errc::prompt_refused) last_error_ = why.message();
    if (why == errc::prompt_refused || why == errc::bad_model) {
        if (trying_) close();
        return;
    }
    success_rate_ -= policy_.weight_of_new * success_rate_;
    ++failures_;
    const bool asked_to_wait = why == errc::rate_limited && retry_after > milliseconds{0};
    if (asked_to_wait)
        open(now + retry_after);
    else if (trying_ || failures_ >= policy_.failures_to_open)
        open(now + policy_.open_for);
}

void health::abandoned() { trying_ = false; }

void health::probed(moment now, milliseconds latency) {
    measured_ = now;
    if (current(now) == state::open) return;
    if (open_) {
        close();
        failures_ = policy_.failures_to_open - 1;
    }
    success_rate_ += policy_.weight_of_new * (1 - success_rate_);
    if (!timed_) latency_ms_ = static_cast<double>(latency.count());
}

health::state health::current(moment now) const {
    if (!open_) return state::closed;
    return now < until_ ? state::open : state::half_open;
}

milliseconds health::excluded_for(moment now) const {
    return current(now) == state::open ? std::chrono::ceil<milliseconds>(until_ - now) : milliseconds{0};
}

// Calls in progress when the breaker opened may still fail; they do not shorten the pause.
void health::open(moment until) {
    until_ = open_ && !trying_ ? std::max(until_, until) : until;
    open_ = true;
    trying_ = false;
}

void health::close() {
    failures_ = 0;
    open_ = false;
    trying_ = false;
}

health& health_table::of(std::string_view provider) {
    const auto found = all_.find(provider);
    if (found != all_.end()) return found->second;
    return all_.emplace(std::string(provider), health(policy_)).first->second;
}

bool health_table::allows(std::string_view provider, moment now) {
    const auto others = others_.find(provider);
    if (others != others_.end() && now < others->second.open_until) return false;
    return of(provider).allows(now);
}

standing health_table::standing_of(std::string_view provider) const {
    const auto own = all_.find(provider);
    const auto others = others_.find(provider);
    double rates = 0, latencies = 0, rated = 0, timed = 0;  // sums, and how many workers' values are in them
    const auto add = [&](double rate, milliseconds latency, double workers) {
        rates += rate * workers;
        rated += workers;
        if (latency <= milliseconds{0}) return;
        latencies += static_cast<double>(latency.count()) * workers;
        timed += workers;
    };
    if (own != all_.end() && own->second.measured()) add(own->second.success_rate(), own->second.latency(), 1);
    if (others != others_.end()) add(others->second.success_rate, others->second.latency, others->second.measured);
    standing out;
    if (rated > 0) out.success_rate = rates / rated;
    if (timed > 0) out.latency = milliseconds(static_cast<long long>(latencies / timed));
    return out;
}

std::optional<moment> health_table::last_measured(std::string_view provider) const {
    std::optional<moment> out;
    if (const auto own = all_.find(provider); own != all_.end()) out = own->second.measured();
    if (const auto others = others_.find(provider); others != others_.end())
        out = std::max(out, others->second.last_measured);
    return out;
}

int health_table::workers() const {
    int out = 0;
    for (const auto& [name, others] : others_) out = std::max(out, others.workers);
    return out + 1;
}

void health_table::set_policy(health_policy policy) {
    policy_ = policy;
    for (auto& [name, health] : all_) health.set_policy(policy);
}

void health_table::each(const std::function<void(std::string_view, const health&)>& visit) const {
    for (const auto& [name, health] : all_) visit(name, health);
}

}  // namespace airi::workers::providers
