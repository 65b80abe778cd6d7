#include "gateway/realtime/presence.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <charconv>

#include "events/frames/codec.hpp"
#include "events/frames/frame.hpp"
#include "events/frames/presence.hpp"
#include "gateway/realtime/broadcast.hpp"
#include "platform/base/sleep.hpp"

namespace airi::gateway {
namespace {

// `presence` has the users that are online, scored by the time to check them; `presence:<user>` their sockets, scored
// by the end of their leases; `presence:seen:<user>` when they were last online. All times are in milliseconds.
const std::string online_key = "presence";

constexpr std::string_view redis_clock = R"lua(
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
)lua";

// ARGV: lease, then user, socket, user, socket … Returns the users that were not online before.
const redis::script extend_script(std::string(redis_clock) + R"lua(
local came = {}
for i = 2, #ARGV, 2 do
    redis.call('ZADD', KEYS[1] .. ':' .. ARGV[i], now + ARGV[1], ARGV[i + 1])
    if redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) == 1 then came[#came + 1] = ARGV[i] end
end
return came
)lua");

// ARGV: grace, user, socket. Stores the time when it was the user's last socket.
const redis::script end_script(std::string(redis_clock) + R"lua(
local sockets = KEYS[1] .. ':' .. ARGV[2]
redis.call('ZREM', sockets, ARGV[3])
redis.call('ZREMRANGEBYSCORE', sockets, '-inf', now)
if redis.call('ZCARD', sockets) > 0 then return 0 end
redis.call('SET', KEYS[1] .. ':seen:' .. ARGV[2], string.format('%.0f', now), 'EX', 2592000)
if redis.call('ZSCORE', KEYS[1], ARGV[2]) then redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[2]) end
return 1
)lua");

// ARGV: lease. Returns the users due for a check that have no socket left, each with the time they were last online.
const redis::script sweep_script(std::string(redis_clock) + R"lua(
local gone = {}
for _, user in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)) do
    local sockets, seen = KEYS[1] .. ':' .. user, KEYS[1] .. ':seen:' .. user
    local last = redis.call('ZRANGE', sockets, -1, -1, 'WITHSCORES')[2]
    if last and tonumber(last) > now then
        redis.call('ZADD', KEYS[1], last, user)
    else
        local at = last and string.format('%.0f', last - ARGV[1])
        at = at or redis.call('GET', seen) or string.format('%.0f', now)
        redis.call('SET', seen, at, 'EX', 2592000)
        redis.call('DEL', sockets)
        redis.call('ZREM', KEYS[1], user)
        gone[#gone + 1] = user
        gone[#gone + 1] = at
    end
end
return gone
)lua");

// ARGV: user.
const redis::script state_script(std::string(redis_clock) + R"lua(
local online = redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0
local sockets = redis.call('ZCOUNT', KEYS[1] .. ':' .. ARGV[1], now, '+inf')
return {online, sockets, redis.call('GET', KEYS[1] .. ':seen:' .. ARGV[1]) or ''}
)lua");

std::optional<instant> time_of(std::string_view ms) {
    std::int64_t out = 0;
    if (std::from_chars(ms.data(), ms.data() + ms.size(), out).ec != std::errc{}) return std::nullopt;
    return instant(milliseconds{out});
}

}  // namespace

presence::presence(executor executor, redis::client& client, open_sockets& open, presence_options options)
    : executor_(executor), redis_(client), open_(open), options_(options) {
    open_.on_added = [this](const user_id& user, const session_bound* socket) {
        const auto& added = leases_[socket] = {user, name_ + "/" + std::to_string(++count_)};
        boost::asio::co_spawn(executor_, extend(*this, {added.user.text(), added.socket}), boost::asio::detached);
    };
    open_.on_removed = [this](const user_id&, const session_bound* socket) {
        if (auto ended = leases_.extract(socket))
            boost::asio::co_spawn(executor_, end(*this, std::move(ended.mapped())), boost::asio::detached);
    };
    boost::asio::co_spawn(executor_, keep_extending(*this), boost::asio::detached);
    boost::asio::co_spawn(executor_, keep_sweeping(*this), boost::asio::detached);
}

presence::~presence() { open_.on_added = open_.on_removed = nullptr; }

// A socket that closes in the meantime must not be extended afterwards: each batch checks which leases still exist.
awaitable<> presence::keep_extending(presence& self) {
    for (;;) {
        co_await sleep(self.options_.extend_every);
        std::vector<const session_bound*> all;
        all.reserve(self.leases_.size());
        for (const auto& [socket, lease] : self.leases_) all.push_back(socket);
        for (std::size_t next = 0; next < all.size();) {
            std::vector<std::string> batch;
            for (; next < all.size() && batch.size() < 2 * self.options_.batch; ++next) {
                const auto found = self.leases_.find(all[next]);
                if (found == self.leases_.end()) continue;
                batch.push_back(found->second.user.text());
                batch.push_back(found->second.socket);
            }
            if (!batch.empty()) co_await extend(self, std::move(batch));
        }
    }
}

awaitable<> presence::keep_sweeping(presence& self) {
    for (;;) {
        co_await sleep(self.options_.sweep_every);
        for (bool more = true; more;) {
            const auto offline =
                co_await self.redis_.eval(sweep_script, {online_key}, {std::to_string(self.options_.lease.count())});
            more = offline && !offline->list.empty();
            for (std::size_t i = 0; more && i + 1 < offline->list.size(); i += 2)
                self.broadcast_state(
                    offline->list[i].text, "offline", time_of(offline->list[i + 1].text).value_or(now()));
        }
    }
}

awaitable<> presence::extend(presence& self, std::vector<std::string> users_and_sockets) {
    users_and_sockets.insert(users_and_sockets.begin(), std::to_string(self.options_.lease.count()));
    const auto online = co_await self.redis_.eval(extend_script, {online_key}, std::move(users_and_sockets));
    if (!online) co_return;
    for (const auto& user : online->list) self.broadcast_state(user.text, "online", now());
}

awaitable<> presence::end(presence& self, lease ended) {
    std::vector<std::string> arguments{
        std::to_string(self.options_.grace.count()), ended.user.text(), std::move(ended.socket)};
    co_await self.redis_.eval(end_script, {online_key}, std::move(arguments));
}

// To the user's other devices, and to administrators.
void presence::broadcast_state(std::string_view user, std::string_view state, instant last_seen) {
    const auto id = user_id::parse(user);
    if (!id) return;
    const auto frame = events::encode_frame(events::frames::presence{*id, std::string(state), last_seen});
    broadcast(redis_, executor_, events::channel_of(*id), frame);
    broadcast(redis_, executor_, "admin", frame);
}

awaitable<std::optional<presence_state>> presence_of(redis::client& client, user_id user) {
    const auto got = co_await client.eval(state_script, {online_key}, {user.text()});
    if (!got || got->list.size() != 3) co_return std::nullopt;
    presence_state out{got->list[0].number == 1, got->list[1].number, time_of(got->list[2].text)};
    if (out.devices > 0) out.last_seen = now();
    co_return out;
}

}  // namespace airi::gateway
