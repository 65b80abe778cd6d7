// Runs coroutines on a loop of the test's own thread until they are done or a condition holds.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <optional>

#include "platform/base/async.hpp"

namespace airi::test {

class loop {
public:
    executor on() { return io_.get_executor(); }

    /// Returns false when it does not hold within the limit.
    bool until(const std::function<bool()>& so, std::chrono::seconds limit = std::chrono::seconds(20)) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!so()) {
            if (std::chrono::steady_clock::now() > end) return false;
            io_.restart();
            io_.run_one_for(std::chrono::milliseconds(5));
        }
        return true;
    }
    /// Runs everything that is ready.
    void settle() {
        io_.restart();
        while (io_.poll() > 0) io_.restart();
    }
    template <class T>
    T run(awaitable<T> what) {
        std::optional<T> out;
        boost::asio::co_spawn(io_, std::move(what), [&](std::exception_ptr thrown, T value) {
            if (thrown) std::rethrow_exception(thrown);
            out.emplace(std::move(value));
        });
        REQUIRE(until([&] { return out.has_value(); }));
        return std::move(*out);
    }
    void run(awaitable<> what) {
        bool done = false;
        start(std::move(what), done);
        REQUIRE(until([&] { return done; }));
    }
    /// Continues in the background; sets `done` at its end.
    void start(awaitable<> what, bool& done) {
        boost::asio::co_spawn(io_, std::move(what), [&done](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
            done = true;
        });
    }

private:
    boost::asio::io_context io_;
};

}  // namespace airi::test
