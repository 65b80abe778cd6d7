// For programs that do one thing after the other: a coroutine's value, waited for. Included by the .cpp of such a one.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "platform/base/async.hpp"

namespace airi {

/// Runs `io` until `work` has ended. Throws what it throws.
template <class T>
T wait_for(boost::asio::io_context& io, awaitable<T> work) {
    std::optional<T> out;
    boost::asio::co_spawn(io, std::move(work), [&](const std::exception_ptr& thrown, T value) {
        if (thrown) std::rethrow_exception(thrown);
        out.emplace(std::move(value));
    });
    io.restart();
    while (!out && io.run_one() > 0) {
    }
    return std::move(out).value();
}

}  // namespace airi
