// What a test can do to a fake: let its next calls fail, or hold them until they are released. One thread.
#pragma once

#include <deque>
#include <functional>

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"

namespace airi::test {

class lever {
public:
    void fail_next(int count, error_code with) {
        failing_ = count;
        with_ = with;
    }
    void fail_always(error_code with) { fail_next(-1, with); }
    void mend() { failing_ = 0; }

    void hold() { holding_ = true; }
    void release() {
        holding_ = false;
        while (!held_.empty()) release_one();
    }
    /// Lets the one that waits longest go on; the others stay.
    void release_one() {
        auto go_on = std::move(held_.front());
        held_.pop_front();
        go_on(0);
    }
    std::size_t held() const { return held_.size(); }
    int calls() const { return calls_; }

    /// What each call of the fake does first.
    awaitable<error_code> pass() {
        ++calls_;
        if (holding_) co_await from_callback<int>([this](auto go_on) { held_.push_back(std::move(go_on)); });
        if (failing_ == 0) co_return error_code{};
        if (failing_ > 0) --failing_;
        co_return with_;
    }

private:
    int failing_ = 0;
    error_code with_;
    bool holding_ = false;
    std::deque<std::function<void(int)>> held_;
    int calls_ = 0;
};

/// In which order the fakes of a test were used.
using journal = std::deque<std::string>;

}  // namespace airi::test
