// The usage worker: batches of usage events into the log and the daily sums, each counted once.
#pragma once

#include "workers/runtime/worker.hpp"

namespace airi::workers::usage {

/// One set of effects for all records; refused when one of them is no usage event.
result<effects> count(std::span<const kafka::message>);

worker declare();

}  // namespace airi::workers::usage
