// What happens to a record after an attempt: the one place where failures become retries and dead letters. No I/O.
#pragma once

#include <variant>

#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"

namespace airi::workers {

struct retry_policy {
    int attempts = 5;                    ///< outages and missing grants are not counted
    milliseconds first_pause{200};       ///< doubles with each attempt
    milliseconds longest_pause{30'000};  ///< its upper bound
    milliseconds outage_pause{1'000};    ///< upper bound during an outage
    bool again_without_bound = false;    ///< `failure::again` uses up no attempt
    bool keep_order = true;              ///< true: the key waits for the record; false: the retry topic takes it
};

struct finished {};
struct try_again {
    milliseconds after;
    bool outage;
};
struct to_retry_topic {
    milliseconds after;
    int attempts;
};
struct to_dead_letters {
    error_code why;
    int attempts;
};
using next_step = std::variant<finished, try_again, to_retry_topic, to_dead_letters>;

/// Neither the record nor this program is at fault: the record is tried again without a bound.
bool is_waited_for(const error_code& outcome);

class delivery {
public:
    /// `attempts`: those made before (the record's retry header).
    explicit delivery(const retry_policy& policy, int attempts = 0) : policy_(policy), attempts_(attempts) {}

    next_step after(const error_code& outcome);

private:
    const retry_policy& policy_;
    int attempts_;
    int outages_ = 0, conflicts_ = 0;
};

}  // namespace airi::workers
