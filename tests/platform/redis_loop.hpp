// The redis-server that tests share, and how they run a loop until something is so.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <optional>

#include "platform/base/async.hpp"
#include "platform/base/secret.hpp"
#include "tests/support/cpp/servers.hpp"

namespace airi::test {

using namespace std::chrono_literals;
using boost::asio::io_context;
using clock_type = std::chrono::steady_clock;

inline server& shared_server() {
    static server one("redis");
    return one;
}

inline bool until(io_context& io, const std::function<bool()>& true_at_last, std::chrono::seconds limit = 10s) {
    io.restart();
    for (const auto end = clock_type::now() + limit; !true_at_last();) {
        if (clock_type::now() > end) return false;
        io.run_one_for(10ms);
    }
    return true;
}

template <class T>
T finish(io_context& io, awaitable<T> work) {
    std::optional<T> out;
    boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr failed, T value) {
        if (failed) std::rethrow_exception(failed);
        out.emplace(std::move(value));
    });
    REQUIRE(until(io, [&] { return out.has_value(); }));
    return std::move(*out);
}

}  // namespace airi::test
