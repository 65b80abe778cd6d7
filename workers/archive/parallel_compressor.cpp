#include "workers/archive/parallel_compressor.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <utility>

#include "workers/archive/compression.hpp"

namespace airi::workers::archive {
namespace {

constexpr std::size_t piece = 256 * 1024;  // a millisecond of work

}  // namespace

struct parallel_compressor::state {
    explicit state(boost::asio::thread_pool& threads) : order(threads.get_executor()) {}

    boost::asio::strand<boost::asio::thread_pool::executor_type> order;
    compressor lines;                     // the strand's
    std::exception_ptr failed = nullptr;  // the same
};

parallel_compressor::parallel_compressor(boost::asio::thread_pool& threads)
    : state_(std::make_shared<state>(threads)) {}

void parallel_compressor::add(std::string_view bytes) {
    pending_.append(bytes);
    if (pending_.size() >= piece) hand_over();
}

void parallel_compressor::hand_over() {
    std::string fresh;
    fresh.reserve(piece + piece / 8);
    std::swap(fresh, pending_);
    boost::asio::post(state_->order, [state = state_, bytes = std::move(fresh)] {
        try {
            if (!state->failed) state->lines.add(bytes);
        } catch (...) {
            state->failed = std::current_exception();
        }
    });
}

std::string parallel_compressor::end() {
    hand_over();
    std::promise<std::string> made;
    auto out = made.get_future();
    boost::asio::post(state_->order, [state = state_, made = std::move(made)]() mutable {
        try {
            if (state->failed) std::rethrow_exception(state->failed);
            made.set_value(state->lines.end());
        } catch (...) {
            made.set_exception(std::current_exception());
        }
    });
    return out.get();
}

}  // namespace airi::workers::archive
