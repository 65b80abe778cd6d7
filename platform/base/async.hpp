// The two coroutine names the tree uses, and the bridge from a library's callback thread into a coroutine.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace airi {

template <class T = void>
using awaitable = boost::asio::awaitable<T>;

using executor = boost::asio::any_io_executor;

/// Suspends until `start`'s argument is called with the value. `start` gets a copyable function object that may be
/// called once, from any thread; the coroutine goes on in its own executor, never inline.
template <class T, class Start>
awaitable<T> from_callback(Start start) {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(T)>(
        [](auto handler, Start begin) {
            struct waiting {
                decltype(handler) resume;
                boost::asio::executor_work_guard<executor> work;
            };
            auto on = boost::asio::get_associated_executor(handler);
            auto held =
                std::make_shared<waiting>(waiting{std::move(handler), boost::asio::make_work_guard<executor>(on)});
            begin([held](T value) {
                auto to = held->work.get_executor();
                boost::asio::post(to, [held, value = std::move(value)]() mutable {
                    auto resume = std::move(held->resume);
                    held->work.reset();
                    std::move(resume)(std::move(value));
                });
            });
        },
        boost::asio::use_awaitable, std::move(start));
}

}  // namespace airi
