// The events by which the usage ledger learns of calls. Pure. Used by the workers that call models.
#pragma once

#include <string_view>
#include <vector>

#include "sql/generations.hpp"
#include "workers/runtime/effects.hpp"

namespace airi::workers {

struct ledger_source {
    user_id user;
    std::string_view resource;  ///< "tokens": counted in tokens; any other one in completed calls
    generation_id reference;
    std::string_view source;  ///< of the events: "/airi/workers/<name>"
    std::string_view traceparent;
};

/// Adds a usage.recorded for each line. The same line gives the same event.
void add_ledger_events(after_commit&, const ledger_source&, const std::vector<sql::generations::ledger_line>&);

}  // namespace airi::workers
