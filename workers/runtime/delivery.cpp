#include "workers/runtime/delivery.hpp"

#include <algorithm>

namespace airi::workers {
namespace {

milliseconds doubled(milliseconds first, int times, milliseconds longest) {
    return std::min<milliseconds>(longest, first * (1LL << std::min(times, 20)));
}

}  // namespace

bool is_waited_for(const error_code& outcome) {
    return outcome == failure::outage || outcome == failure::misconfigured;
}

next_step delivery::after(const error_code& outcome) {
    if (!outcome) return finished{};
    switch (failure_of(outcome)) {
        case failure::outage:
        case failure::misconfigured:
            return try_again{doubled(milliseconds{50}, outages_++, policy_.outage_pause), true};
        case failure::again:
            if (policy_.again_without_bound)
                return try_again{doubled(policy_.first_pause, conflicts_++, policy_.longest_pause), false};
            [[fallthrough]];
        case failure::broken:
            if (++attempts_ >= policy_.attempts) return to_dead_letters{outcome, attempts_};
            break;
        case failure::refused:
        case failure::missing: return to_dead_letters{outcome, attempts_ + 1};
    }
    const auto pause = doubled(policy_.first_pause, attempts_ - 1, policy_.longest_pause);
    if (policy_.keep_order) return try_again{pause, false};
    return to_retry_topic{pause, attempts_};
}

}  // namespace airi::workers
