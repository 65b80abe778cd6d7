// Controls a fake: makes its next calls fail, or holds them until they are released. Single-threaded.
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
    /// The server is away: the next call would end as an outage.
    bool outage() const { return failing_ != 0 && with_ == failure::outage; }

    void hold() { holding_ = true; }
    void release() {
        holding_ = false;
        while (!held_.empty()) release_one();
    }
    /// Releases the call that has waited longest; the others stay held.
    void release_one() {
        auto go_on = std::move(held_.front());
        held_.pop_front();
        go_on(0);
    }
    std::size_t held() const { return held_.size(); }
    int calls() const { return calls_; }

    /// Every call of the fake awaits this first.
    awaitable<error_code> pass() {
        ++calls_;
        if (holding_)
            co_await from_callback<int>([this](auto go_on) { held_.push_back(std::move(go_on)); });
        else
            co_await boost::asio::post(boost::asio::use_awaitable);  // no server answers inline
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

/// The order in which a test's fakes were used.
using journal = std::deque<std::string>;

}  // namespace airi::test
