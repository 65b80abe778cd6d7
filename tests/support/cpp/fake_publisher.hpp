// The gateway's publisher, in memory.
#pragma once

#include <functional>
#include <vector>

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
            sent.push_back(one);
            if (then) then(one);
        }
        co_return result<>{};
    }
    bool available() const override { return there; }
};

}  // namespace airi::test
