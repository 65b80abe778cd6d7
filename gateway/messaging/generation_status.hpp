// How a generation stands, as Postgres says: the judge whenever a stream cannot tell.
#pragma once

#include <optional>

#include "events/frames.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

struct generation_status {
    events::generation_ids ids;
    std::string state;
    events::position at;     ///< of the last frame when it has ended, of the checkpoint otherwise
    std::string checkpoint;  ///< text shown so far
    std::optional<events::last_frame> end;
};

/// None when it is not the caller's, or not there yet (its event is still on its way).
awaitable<result<std::optional<generation_status>>> status_of(services&, user_id caller, generation_id);

/// Remembers the wish to stop it and tells the workers.
awaitable<result<>> cancel_generation(services&, user_id caller, generation_id);

}  // namespace airi::gateway
