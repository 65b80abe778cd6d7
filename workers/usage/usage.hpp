// The usage worker: batches of usage events are added to the log and the daily sums, each event once.
#pragma once

#include "workers/runtime/worker.hpp"

namespace airi::workers::usage {

/// One set of effects for all records; refused when one of them is not a usage event.
result<effects> count(std::span<const kafka::message>);

worker declare();

}  // namespace airi::workers::usage
