// The generations this process is answering: who may be told to stop, and why. One thread.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <unordered_map>

#include "platform/base/async.hpp"
#include "platform/base/ids.hpp"
#include "sql/generations.hpp"

namespace airi::workers::chat {

enum class stop_reason { none, cancelled, lease_lost, draining };

struct live_generation {
    explicit live_generation(executor on) : heartbeat(on) {}

    std::int64_t epoch = 0;
    stop_reason why = stop_reason::none;
    boost::asio::cancellation_signal stop;  ///< ends the provider call under way
    boost::asio::steady_timer heartbeat;
    bool done = false;
    bool restarting = false;  ///< the epoch is about to rise by our own doing
    /// What the call under way has cost so far, asked for at each heartbeat.
    std::function<sql::generations::provider_call()> under_way;

    /// The first reason stays. Takes effect at once.
    void end(stop_reason reason) {
        if (why != stop_reason::none || done) return;
        why = reason;
        stop.emit(boost::asio::cancellation_type::all);
    }
};

class live_generations {
public:
    void add(const generation_id& id, std::shared_ptr<live_generation> one) { all_[id] = std::move(one); }
    void remove(const generation_id& id) { all_.erase(id); }
    void cancel(const generation_id& id) {
        if (const auto found = all_.find(id); found != all_.end()) found->second->end(stop_reason::cancelled);
    }
    void drain() {
        auto held = all_;
        for (auto& [id, one] : held) one->end(stop_reason::draining);
    }
    std::size_t size() const noexcept { return all_.size(); }

private:
    std::unordered_map<generation_id, std::shared_ptr<live_generation>> all_;
};

}  // namespace airi::workers::chat
