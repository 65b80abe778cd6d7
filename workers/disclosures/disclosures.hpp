// The disclosures worker: tells people that they talk with an AI, when their use begins and in continued use. It reads
// the messages beside moderation, so that no message waits for it; sql/functions/disclosures.sql decides what is due.
#pragma once

#include "workers/runtime/worker.hpp"

namespace airi::workers::disclosures {

/// One set of effects for all records. API calls with a history of their own are left out, and so are records that are
/// no message, which moderation moves to the dead letters.
result<effects> look_at(std::span<const kafka::message>);

worker declare();

}  // namespace airi::workers::disclosures
