// Which users are online: those with an open socket on any gateway. Each socket has a lease in Redis that its gateway
// extends, all of them in few commands; a user without sockets, or whose gateway has died, is offline after a while.
// Best effort: what Redis loses is restored with the next extension. One thread.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "gateway/realtime/open_sockets.hpp"
#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/redis/redis.hpp"

namespace airi::gateway {

struct presence_options {
    milliseconds extend_every{15'000};
    milliseconds lease{40'000};  ///< after which the sockets of a dead gateway count no more
    /// A user stays online that long after the last socket has closed: a page is being reloaded.
    milliseconds grace{10'000};
    milliseconds sweep_every{2'000};  ///< between two searches for users whose time is up
    std::size_t batch = 100;          ///< sockets a command: none occupies Redis for long
};

class presence {
public:
    /// Counts the sockets of `open` from now on. All must outlive it, and it must outlive what runs on the executor.
    presence(executor, redis::client&, open_sockets& open, presence_options = {});
    ~presence();
    presence(const presence&) = delete;

private:
    struct lease {
        user_id user;
        std::string socket;  ///< its name in Redis
    };

    static awaitable<> keep_extending(presence& self);
    static awaitable<> keep_sweeping(presence& self);
    static awaitable<> extend(presence& self, std::vector<std::string> users_and_sockets);
    static awaitable<> end(presence& self, lease ended);
    void broadcast_state(std::string_view user, std::string_view state, instant last_seen);

    executor executor_;
    redis::client& redis_;
    open_sockets& open_;
    presence_options options_;
    std::string name_ = uuid::v7().text();  ///< of this thread of this gateway process
    std::uint64_t count_ = 0;
    std::unordered_map<const session_bound*, lease> leases_;
};

struct presence_state {
    bool online = false;
    std::int64_t devices = 0;  ///< open sockets
    std::optional<instant> last_seen;
};
/// None while Redis is away.
awaitable<std::optional<presence_state>> presence_of(redis::client&, user_id);

}  // namespace airi::gateway
