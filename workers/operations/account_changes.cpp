#include "workers/operations/account_changes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "events/frames/frame.hpp"
#include "platform/base/sleep.hpp"
#include "platform/redis/redis.hpp"
#include "workers/runtime/redis_frame_channel.hpp"

namespace airi::workers::operations {
namespace {

constexpr milliseconds longest_wait{3'000}, step{20};

awaitable<bool> announce(redis::client& client, user_id user, std::vector<std::string> ended) {
    for (milliseconds waited{0}; !client.available(); waited += step) {
        if (waited >= longest_wait) co_return false;
        co_await sleep(step);
    }
    const auto frames = open_frame_channel(client);
    co_await frames->invalidate(user);
    co_await frames->announce({std::string(events::account_channel), user.text()});
    for (auto& id : ended) co_await frames->announce({std::string(events::session_channel), std::move(id)});
    co_return client.available();
}

}  // namespace

result<> announce_account(const secret& redis_url, user_id user, const std::vector<std::string>& ended) {
    boost::asio::io_context io{1};
    const auto client = redis::open_client(io.get_executor(), redis_url);
    bool done = false;
    boost::asio::co_spawn(io, announce(*client, user, ended), [&](const std::exception_ptr& thrown, bool good) {
        client->close();
        if (thrown) std::rethrow_exception(thrown);
        done = good;
    });
    io.run();
    if (!done) return redis::errc::unavailable;
    return {};
}

}  // namespace airi::workers::operations
