// The gaming worker: runs the sessions of games that it holds a lease on.
#pragma once

#include <memory>
#include <unordered_map>

#include "workers/gaming/session_run.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::gaming {

/// The sessions of this process. One thread.
class sessions {
public:
    /// At most `most` at once.
    sessions(const ports& ports, airi::executor executor, std::size_t most)
        : ports_(ports), executor_(std::move(executor)), most_(most) {}

    /// A session was asked for something, a kind of gaming_requested; `id`, when it is known, of the command. False: it
    /// does not run here.
    bool tell(const gaming_session_id&, std::string_view what, std::string_view id = {});
    /// Starts what no worker has: new sessions, and those whose worker is silent.
    awaitable<> start_due();
    /// Each leaves its game and gives its lease back.
    awaitable<> drain();
    std::size_t size() const { return running_.size(); }

private:
    void start(gaming_session_id);
    static awaitable<> run(sessions& self, gaming_session_id, std::shared_ptr<session_run>);

    const ports& ports_;
    airi::executor executor_;
    std::unordered_map<gaming_session_id, std::shared_ptr<session_run>> running_;
    std::size_t most_;
    bool draining_ = false;
};

/// A request starts the session here, or wakes it; one that runs elsewhere is woken through Redis.
worker declare(sessions&);

}  // namespace airi::workers::gaming
