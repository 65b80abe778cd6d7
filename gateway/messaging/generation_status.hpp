// The state of a generation as Postgres has it, which decides whenever a stream cannot tell.
#pragma once

#include <optional>

#include "events/frames/frame.hpp"
#include "gateway/realtime/replay.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

struct generation_status {
    events::generation_ids ids;
    std::string state;
    events::position at;     ///< of the last frame when it has ended, of the checkpoint otherwise
    std::string checkpoint;  ///< the text shown so far
    std::optional<events::last_frame> end;

    bool held() const { return state == "held"; }  ///< its message waits for a person
};

/// None when it is not the caller's, or not there yet (its event has not been processed).
awaitable<result<std::optional<generation_status>>> status_of(services&, user_id caller, generation_id);

/// The end, that it is held, or a snapshot of the text shown so far; none when there is none of these.
std::optional<entry> frame_of(const generation_status&, const events::generation_ids&);

/// Notifies the workers of a cancellation that is stored.
awaitable<> publish_cancellation(services&, generation_id);

/// Stores the request to stop the generation and notifies the workers.
awaitable<result<>> cancel_generation(services&, user_id caller, generation_id);

}  // namespace airi::gateway
