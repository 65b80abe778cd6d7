// The operations worker: carries out what administrators ask for, on one library with airi-ctl.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <string>

#include "events/operations.hpp"
#include "platform/kafka/access.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::operations {

struct ports {
    postgres::database& database;
    const kafka::access& brokers;
    std::string owner;
    boost::asio::thread_pool& threads;  ///< for the library, which blocks
    std::function<bool()> draining;
    milliseconds lease{15'000}, heartbeat{500};
};

/// Claims the operation and carries it out. A replay's place is stored after each batch: another worker goes on there
/// when this one is stopped or killed, and at most one batch is published twice.
awaitable<result<effects>> carry_out(events::operation_requested, const ports&);

worker declare(const ports&);

}  // namespace airi::workers::operations
