#include "workers/chat/lease.hpp"

#include <boost/asio/as_tuple.hpp>

namespace airi::workers::chat {

awaitable<> keep_lease(postgres::database& database, lease_times times, generation_id id,
    std::shared_ptr<live_generation> live, std::shared_ptr<deltas> out) {
    while (!live->done) {
        live->heartbeat.expires_after(times.heartbeat);
        co_await live->heartbeat.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        if (live->done) co_return;
        const auto call = live->costs ? live->costs() : sql::generations::provider_call{};
        const auto rows = co_await postgres::run_one(database, std::nullopt,
            sql::generations::heartbeat(id, live->epoch, times.lease, out->shown(), out->shown_offset(), call));
        if (!rows || live->done || live->restarting) continue;
        const auto state = rows->empty() ? std::string_view("lost") : rows->text(0, 0);
        if (state == "lost" || out->superseded()) live->stop(stop_reason::lease_lost);
        if (state == "cancel") live->stop(stop_reason::cancelled);
    }
}

}  // namespace airi::workers::chat
