#include "workers/runtime/servers.hpp"

#include <algorithm>
#include <utility>

#include "platform/base/ids.hpp"
#include "workers/runtime/redis_frame_channel.hpp"

namespace airi::workers {

servers::servers(airi::executor executor, std::string_view service, const worker_settings& settings)
    : executor_(std::move(executor)),
      settings_(settings),
      slot_(settings.instance.empty() ? std::string(service) + "-" + uuid::v7().text() : settings.instance),
      owner_(slot_ + "#" + uuid::v7().text()) {
    postgres::pool_options pool;
    pool.url = settings_.database_url;
    pool.connections = static_cast<std::size_t>(settings_.database_connections);
    pool.group_linger = settings_.group_linger;
    database_ = postgres::open(pool);
}

redis::client& servers::redis() {
    if (!redis_) redis_ = redis::open_client(executor_, settings_.redis_url);
    return *redis_;
}

frame_channel& servers::frames() {
    if (!frames_) frames_ = open_frame_channel(redis());
    return *frames_;
}

kafka::producer& servers::producer() {
    if (!producer_) {
        kafka::producer_options options;
        options.brokers = settings_;
        options.client_id = slot_;
        options.batch_linger = milliseconds{100};
        producer_ = kafka::open_producer(options);
    }
    return *producer_;
}

bool servers::available() const { return database_->available() && (!producer_ || producer_->available()); }

void servers::close(milliseconds limit) {
    if (producer_) producer_->close(producer_->available() ? std::max(limit, milliseconds{1'000}) : milliseconds{200});
    if (redis_) redis_->close();
}

}  // namespace airi::workers
