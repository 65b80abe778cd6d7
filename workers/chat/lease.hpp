// The generations that this process holds a lease on: extending the lease, and stopping a generation. One thread.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <unordered_map>

#include "platform/base/async.hpp"
#include "platform/base/ids.hpp"
#include "sql/generations.hpp"
#include "workers/chat/deltas.hpp"

namespace airi::workers::chat {

enum class stop_reason { none, cancelled, lease_lost, draining };

struct live_generation {
    explicit live_generation(const executor& executor) : heartbeat(executor) {}

    std::int64_t epoch = 0;
    stop_reason stopped_by = stop_reason::none;
    boost::asio::cancellation_signal stop_signal;  ///< ends the provider call in progress
    boost::asio::steady_timer heartbeat;
    bool done = false;
    bool restarting = false;  ///< the epoch is about to rise by our own doing
    /// The sum of the costs of the epoch's calls so far; read at each heartbeat. Empty before the first call.
    std::function<sql::generations::provider_call()> costs;

    /// Takes effect at once. The first reason counts.
    void stop(stop_reason reason) {
        if (stopped_by != stop_reason::none || done) return;
        stopped_by = reason;
        stop_signal.emit(boost::asio::cancellation_type::all);
    }
};

class live_generations {
public:
    void add(const generation_id& id, std::shared_ptr<live_generation> one) { all_[id] = std::move(one); }
    void remove(const generation_id& id) { all_.erase(id); }
    void cancel(const generation_id& id) {
        if (const auto found = all_.find(id); found != all_.end()) found->second->stop(stop_reason::cancelled);
    }
    void drain() {
        auto held = all_;
        for (auto& [id, one] : held) one->stop(stop_reason::draining);
    }
    std::size_t size() const noexcept { return all_.size(); }

private:
    std::unordered_map<generation_id, std::shared_ptr<live_generation>> all_;
};

struct lease_times {
    milliseconds lease{12'000};  ///< how long another worker waits for a generation whose worker died
    milliseconds heartbeat{3'000};
};

/// Extends the lease and stores what clients have seen, until the generation is done. Stops the generation when the
/// lease is lost, or when Postgres says that it was cancelled. The database must outlive the coroutine.
awaitable<> keep_lease(
    postgres::database&, lease_times, generation_id, std::shared_ptr<live_generation>, std::shared_ptr<deltas>);

}  // namespace airi::workers::chat
