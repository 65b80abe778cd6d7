// replay --into shadow: a worker's decisions are made again from its records, and what would differ is printed. Used by
// airi-ctl.
#pragma once

#include <string>

#include "platform/base/secret.hpp"
#include "workers/operations/replay.hpp"

namespace airi::workers::operations {

inline constexpr std::string_view shadow_target = "shadow";  ///< of --into

struct shadow_settings {
    secret database_url, encryption_key, encryption_key_previous;
};

/// The mistake in a shadow of that topic, such as one whose worker has none; empty: there is none.
std::string shadow_mistake(const replay_order&, const shadow_settings&);

/// Prints the differences, ids and counts only. Nothing is written: the broker gets no record, and the database refuses
/// each change. Returns the exit status. Blocks.
int run_shadow(const kafka::access&, const replay_order&, const shadow_settings&);

}  // namespace airi::workers::operations
