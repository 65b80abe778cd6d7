// What happens to a record after an attempt: the one place where failures become retries and dead letters. No I/O.
#pragma once

#include <variant>

#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"

namespace airi::workers {

struct retry_policy {
    int attempts = 5;               ///< of the record's own failures; outages are not counted
    milliseconds first_pause{200};  ///< doubles with each, up to
    milliseconds longest_pause{30'000};
    milliseconds outage_pause{1'000};  ///< upper bound while a server is away
    bool keep_order = true;            ///< true: the key waits in place; false: by way of the retry topic
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

class delivery {
public:
    /// `attempts`: those the record has behind it (its retry header).
    explicit delivery(const retry_policy& policy, int attempts = 0) : policy_(policy), attempts_(attempts) {}

    next_step after(const error_code& outcome);

private:
    const retry_policy& policy_;
    int attempts_;
    int outages_ = 0;
};

}  // namespace airi::workers
