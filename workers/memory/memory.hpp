// The memory worker: after a completed turn it makes a title for a new conversation, and a summary of the turns that
// prompts have no room for. Nothing waits for it: a conversation works without either.
#pragma once

#include <memory>
#include <vector>

#include "events/chat.hpp"
#include "workers/providers/budgets.hpp"
#include "workers/providers/health.hpp"
#include "workers/providers/models.hpp"
#include "workers/providers/rules.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::memory {

struct ports {
    postgres::database& database;
    const providers::provider_list& chat_providers;
    providers::health_table& health;
    const providers::model_list& models;
    const providers::provider_rules& rules;
    providers::provider_budgets& budgets;
    providers::time_limits limits{seconds{15}, seconds{15}, seconds{60}};
};

/// Asks the cheapest models of the user's plan for the title and summary that are due. Without an
/// answer within the providers' budgets they stay as they are; the next turn asks again.
awaitable<result<effects>> update_memory(events::chat_finished, record, const ports&);

worker declare(const ports&);

}  // namespace airi::workers::memory
