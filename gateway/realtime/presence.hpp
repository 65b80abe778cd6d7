// Who is online: a user with an open socket on any gateway. Each socket has a lease in Redis that its gateway extends,
// all of them in few commands; a user whose last one has gone, or whose gateway has, is offline after a while. Best
// effort: what Redis forgets is there again with the next beat. One thread.
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
    milliseconds beat{15'000};   ///< between two extensions of the leases
    milliseconds lease{40'000};  ///< after which the sockets of a dead gateway count no more
    milliseconds grace{
        10'000};  ///< a user whose last socket has closed stays online that long: a page is being loaded anew
    milliseconds sweep{2'000};  ///< between two looks for who is overdue
    std::size_t batch = 100;    ///< sockets a command: none keeps Redis for long
};

class presence {
public:
    /// Counts the sockets of `open` from now on. All must outlive it, and the presence whatever runs on the executor.
    presence(executor on, redis::client&, open_sockets& open, presence_options = {});
    ~presence();
    presence(const presence&) = delete;

private:
    struct seat {
        user_id user;
        std::string socket;  ///< its name in Redis
    };

    static awaitable<> keep_beating(presence& self);
    static awaitable<> keep_sweeping(presence& self);
    static awaitable<> extend(presence& self, std::vector<std::string> users_and_sockets);
    static awaitable<> leave(presence& self, seat gone);
    void tell(std::string_view user, std::string_view state, instant last_seen);

    executor on_;
    redis::client& redis_;
    open_sockets& open_;
    presence_options options_;
    std::string name_ = uuid::v7().text();  ///< of this thread of this gateway, in this life
    std::uint64_t count_ = 0;
    std::unordered_map<const session_bound*, seat> seats_;
};

/// How a user stands; none while Redis is away.
struct presence_state {
    bool online = false;
    std::int64_t devices = 0;  ///< open sockets
    std::optional<instant> last_seen;
};
awaitable<std::optional<presence_state>> presence_of(redis::client&, user_id);

}  // namespace airi::gateway
