// The health of each provider: a circuit breaker, success rate and latency. No I/O and no clock of its own. Used where
// a provider is chosen for a generation. Single thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "platform/base/clock.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

using moment = std::chrono::steady_clock::time_point;

struct health_policy {
    int failures_to_open = 3;    ///< in a row
    seconds open_for{60};        ///< unless the provider asked for another pause
    double weight_of_new = 0.1;  ///< in the moving averages
};

class health {
public:
    enum class state { closed, open, half_open };

    explicit health(health_policy policy = {}) : policy_(policy) {}

    /// Whether a call may be made now. After the pause exactly one caller gets true, as the probe; it must report the
    /// outcome by one of the three functions below. A probe without a report is given up after `open_for`.
    bool allows(moment now);
    /// `latency` is the time to the first token.
    void succeeded(moment now, milliseconds latency);
    /// prompt_refused and bad_model are not the provider's fault: they end a probe as a success. rate_limited with a
    /// `retry_after` opens the breaker at once, for that long.
    void failed(moment now, error_code why, milliseconds retry_after = milliseconds{0});
    /// The call was ended for reasons of our own (a cancelled generation).
    void abandoned();

    state current(moment now) const;
    /// 0 to 1, moving average; 1 before the first call.
    double success_rate() const { return success_rate_; }
    milliseconds latency() const { return milliseconds(static_cast<long long>(latency_ms_)); }

private:
    void open(moment until);
    void close();

    health_policy policy_;
    int failures_ = 0;
    bool open_ = false;
    moment until_{};
    bool probing_ = false;
    moment probe_until_{};
    double success_rate_ = 1;
    double latency_ms_ = 0;
    bool timed_ = false;
};

/// The health of all providers, by name.
class health_table {
public:
    explicit health_table(health_policy policy = {}) : policy_(policy) {}
    health& of(std::string_view provider);
    void each(const std::function<void(std::string_view, const health&)>& visit) const;

private:
    health_policy policy_;
    std::map<std::string, health, std::less<>> all_;
};

}  // namespace airi::workers::providers
