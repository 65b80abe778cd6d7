// The memory worker: after a completed turn a title for a young conversation, and a summary in the place of turns that
// prompts have no room for. Nobody waits for it, and a conversation without either goes on as well.
#pragma once

#include <memory>
#include <vector>

#include "events/chat.hpp"
#include "workers/providers/health.hpp"
#include "workers/providers/models.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::memory {

struct ports {
    postgres::database& database;
    const std::vector<std::unique_ptr<providers::chat_provider>>& models_of;
    providers::health_table& health;
    const providers::model_list& prices;
    providers::time_limits limits{seconds{15}, seconds{15}, seconds{60}};
};

/// Asks the cheapest models of the user's plan for what is due. What no model gives stays as it is; the next turn asks
/// again.
awaitable<result<effects>> remember(events::chat_finished, record, const ports&);

worker declare(const ports&);

}  // namespace airi::workers::memory
