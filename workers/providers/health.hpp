// The health of each provider: a circuit breaker, success rate and latency, this worker's own and what the others have
// measured. No I/O and no clock of its own. Used where a provider is chosen for a generation. Single thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/clock.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

using moment = std::chrono::steady_clock::time_point;

struct health_policy {
    int failures_to_open = 3;       ///< in a row
    milliseconds open_for{60'000};  ///< unless the provider asked for another pause
    double weight_of_new = 0.1;     ///< in the moving averages
};

class health {
public:
    enum class state { closed, open, half_open };

    explicit health(health_policy policy = {}) : policy_(policy) {}
    void set_policy(health_policy policy) { policy_ = policy; }

    /// Whether a call may be made now. After the pause exactly one caller gets true, as the trial; it must report the
    /// outcome by one of the next three functions. A trial without a report is given up after `open_for`.
    bool allows(moment now);
    /// `latency` is the time to the first token.
    void succeeded(moment now, milliseconds latency);
    /// prompt_refused and bad_model are not the provider's fault: they end a trial as a success. rate_limited with a
    /// `retry_after` opens the breaker at once, for that long.
    void failed(moment now, error_code why, milliseconds retry_after = milliseconds{0});
    /// The call was ended for reasons of our own (a cancelled generation, a budget).
    void abandoned();
    /// A probe was answered, which shows less than a reply does: it ends a pause that is over, but the next failure
    /// begins another one, and it forgives no earlier failure. A failed probe counts as a failed call.
    void probed(moment now, milliseconds latency);

    state current(moment now) const;
    /// The time until a call is made again; 0 unless open.
    milliseconds excluded_for(moment now) const;
    /// 0 to 1, moving average; 1 before the first call.
    double success_rate() const { return success_rate_; }
    milliseconds latency() const { return milliseconds(static_cast<long long>(latency_ms_)); }
    int failures() const { return failures_; }  ///< in a row
    const std::string& last_error() const { return last_error_; }
    /// The last outcome of a call or probe.
    std::optional<moment> measured() const { return measured_; }

private:
    void open(moment until);
    void close();

    health_policy policy_;
    int failures_ = 0;
    bool open_ = false;
    moment until_{};
    bool trying_ = false;
    moment trial_until_{};
    double success_rate_ = 1;
    double latency_ms_ = 0;
    bool timed_ = false;  // by a reply
    std::string last_error_;
    std::optional<moment> measured_;
};

/// The other workers' measurements of a provider.
struct others_health {
    int workers = 0;   ///< that are alive
    int measured = 0;  ///< of them, those that have called or probed it
    double success_rate = 1;
    milliseconds latency{0};  ///< 0: unknown
    moment open_until{};      ///< no worker calls it before
    std::optional<moment> last_measured{};
};

/// The means over all workers.
struct standing {
    double success_rate = 1;
    milliseconds latency{0};  ///< 0: unknown
};

/// The health of all providers, by name.
class health_table {
public:
    explicit health_table(health_policy policy = {}) : policy_(policy) {}

    health& of(std::string_view provider);
    /// As health::allows; false while any worker excludes the provider.
    bool allows(std::string_view provider, moment now);
    standing standing_of(std::string_view provider) const;
    std::optional<moment> last_measured(std::string_view provider) const;
    /// This worker and the others that are alive.
    int workers() const;

    void set_policy(health_policy);
    void set_others(std::map<std::string, others_health, std::less<>> others) { others_ = std::move(others); }
    void each(const std::function<void(std::string_view, const health&)>& visit) const;

private:
    health_policy policy_;
    std::map<std::string, health, std::less<>> all_;
    std::map<std::string, others_health, std::less<>> others_;
};

}  // namespace airi::workers::providers
