// The gateway's publisher, in memory.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "events/topics.hpp"
#include "gateway/services/services.hpp"
#include "tests/support/cpp/lever.hpp"

namespace airi::test {

class fake_publisher : public gateway::publisher {
public:
    lever use;
    bool there = true;
    std::vector<events::outgoing> sent;
    /// Called for each published event: simulates the workers.
    std::function<void(const events::outgoing&)> then;

    awaitable<result<>> publish(std::vector<events::outgoing> batch) override {
        if (const auto failed = co_await use.pass()) co_return failed;
        for (auto& one : batch) {
            const auto allowed = events::topics_of_gateway();
            REQUIRE_MESSAGE(std::find(allowed.begin(), allowed.end(), one.topic) != allowed.end(),
                "Kafka does not let the gateway write " << one.topic << ": add the event to events::of_gateway");
            sent.push_back(one);
            if (then) then(one);
        }
        co_return result<>{};
    }
    bool available() const override { return there; }
};

}  // namespace airi::test
