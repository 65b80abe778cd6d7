#include "gateway/realtime/presence.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>

#include "events/frames.hpp"
#include "gateway/realtime/broadcast.hpp"

namespace airi::gateway {
namespace {

// `presence` has everybody who was told to be online, by when that is to be looked into; `presence:<user>` his sockets
// by the end of their leases; `presence:seen:<user>` when he was there last, in milliseconds like all times here.
const std::string everybody = "presence";

constexpr std::string_view clock_of_redis = R"lua(
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
)lua";

// ARGV: lease, then user, socket, user, socket … The users who were not online before.
const redis::script extend_script(std::string(clock_of_redis) + R"lua(
local came = {}
for i = 2, #ARGV, 2 do
    redis.call('ZADD', KEYS[1] .. ':' .. ARGV[i], now + ARGV[1], ARGV[i + 1])
    if redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) == 1 then came[#came + 1] = ARGV[i] end
end
return came
)lua");

// ARGV: grace, user, socket. Of a user's last socket the time is kept.
const redis::script leave_script(std::string(clock_of_redis) + R"lua(
local sockets = KEYS[1] .. ':' .. ARGV[2]
redis.call('ZREM', sockets, ARGV[3])
redis.call('ZREMRANGEBYSCORE', sockets, '-inf', now)
if redis.call('ZCARD', sockets) > 0 then return 0 end
redis.call('SET', KEYS[1] .. ':seen:' .. ARGV[2], string.format('%.0f', now), 'EX', 2592000)
if redis.call('ZSCORE', KEYS[1], ARGV[2]) then redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[2]) end
return 1
)lua");

// ARGV: lease. The overdue users of whom no socket is left, each with when he was there last.
const redis::script sweep_script(std::string(clock_of_redis) + R"lua(
local gone = {}
for _, user in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)) do
    local sockets, seen = KEYS[1] .. ':' .. user, KEYS[1] .. ':seen:' .. user
    local last = redis.call('ZRANGE', sockets, -1, -1, 'WITHSCORES')[2]
    if last and tonumber(last) > now then
        redis.call('ZADD', KEYS[1], last, user)
    else
        local at = last and string.format('%.0f', last - ARGV[1]) or redis.call('GET', seen) or string.format('%.0f', now)
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
const redis::script standing_script(std::string(clock_of_redis) + R"lua(
local online = redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0
return {online, redis.call('ZCOUNT', KEYS[1] .. ':' .. ARGV[1], now, '+inf'), redis.call('GET', KEYS[1] .. ':seen:' .. ARGV[1]) or ''}
)lua");

std::optional<instant> time_of(std::string_view ms) {
    std::int64_t out = 0;
    if (std::from_chars(ms.data(), ms.data() + ms.size(), out).ec != std::errc{}) return std::nullopt;
    return instant(milliseconds{out});
}

awaitable<> pause(milliseconds time) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

}  // namespace

presence::presence(executor on, redis::client& client, open_sockets& open, presence_options options)
    : on_(on), redis_(client), open_(open), options_(options) {
    open_.came = [this](const user_id& user, const session_bound* one) {
        const auto& made = seats_[one] = {user, name_ + "/" + std::to_string(++count_)};
        boost::asio::co_spawn(on_, extend(*this, {made.user.text(), made.socket}), boost::asio::detached);
    };
    open_.left = [this](const user_id&, const session_bound* one) {
        if (auto gone = seats_.extract(one))
            boost::asio::co_spawn(on_, leave(*this, std::move(gone.mapped())), boost::asio::detached);
    };
    boost::asio::co_spawn(on_, keep_beating(*this), boost::asio::detached);
    boost::asio::co_spawn(on_, keep_sweeping(*this), boost::asio::detached);
}

presence::~presence() { open_.came = open_.left = nullptr; }

// Who leaves while the beat is under way must not be extended after that: each batch looks who is still there.
awaitable<> presence::keep_beating(presence& self) {
    for (;;) {
        co_await pause(self.options_.beat);
        std::vector<const session_bound*> all;
        all.reserve(self.seats_.size());
        for (const auto& [one, seat] : self.seats_) all.push_back(one);
        for (std::size_t at = 0; at < all.size();) {
            std::vector<std::string> batch;
            for (; at < all.size() && batch.size() < 2 * self.options_.batch; ++at) {
                const auto found = self.seats_.find(all[at]);
                if (found == self.seats_.end()) continue;
                batch.push_back(found->second.user.text());
                batch.push_back(found->second.socket);
            }
            if (!batch.empty()) co_await extend(self, std::move(batch));
        }
    }
}

awaitable<> presence::keep_sweeping(presence& self) {
    for (;;) {
        co_await pause(self.options_.sweep);
        for (bool more = true; more;) {
            const auto gone =
                co_await self.redis_.eval(sweep_script, {everybody}, {std::to_string(self.options_.lease.count())});
            more = gone && !gone->list.empty();
            for (std::size_t i = 0; more && i + 1 < gone->list.size(); i += 2)
                self.tell(gone->list[i].text, "offline", time_of(gone->list[i + 1].text).value_or(now()));
        }
    }
}

awaitable<> presence::extend(presence& self, std::vector<std::string> users_and_sockets) {
    users_and_sockets.insert(users_and_sockets.begin(), std::to_string(self.options_.lease.count()));
    const auto came = co_await self.redis_.eval(extend_script, {everybody}, std::move(users_and_sockets));
    if (!came) co_return;
    for (const auto& user : came->list) self.tell(user.text, "online", now());
}

awaitable<> presence::leave(presence& self, seat gone) {
    std::vector<std::string> arguments{
        std::to_string(self.options_.grace.count()), gone.user.text(), std::move(gone.socket)};
    co_await self.redis_.eval(leave_script, {everybody}, std::move(arguments));
}

// The user's other devices, and administrators.
void presence::tell(std::string_view user, std::string_view state, instant last_seen) {
    const auto data =
        json::object().add("user_id", user).add("state", state).add("last_seen", to_text(last_seen)).text();
    broadcast(redis_, on_, "user:" + std::string(user), "presence", data);
    broadcast(redis_, on_, "admin", "presence", data);
}

awaitable<std::optional<presence_state>> presence_of(redis::client& from, user_id user) {
    const auto got = co_await from.eval(standing_script, {everybody}, {user.text()});
    if (!got || got->list.size() != 3) co_return std::nullopt;
    presence_state out{got->list[0].number == 1, got->list[1].number, time_of(got->list[2].text)};
    if (out.devices > 0) out.last_seen = now();
    co_return out;
}

}  // namespace airi::gateway
