// The chat worker: a screened message in; its reply streamed to the clients, then stored, billed and published once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "events/chat.hpp"
#include "platform/safety/blocked_terms.hpp"
#include "workers/chat/lease.hpp"
#include "workers/chat/reply_cache.hpp"
#include "workers/providers/budgets.hpp"
#include "workers/providers/health.hpp"
#include "workers/providers/models.hpp"
#include "workers/providers/provider.hpp"
#include "workers/providers/rules.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::chat {

inline constexpr std::string_view source = "/airi/workers/chat";  ///< of its events

struct chat_options {
    lease_times times;
    int max_attempts = 5;  ///< claims of a generation before it fails
    int rounds = 2;        ///< times through the chain of models
    providers::time_limits limits;
};

struct ports {
    postgres::database& database;
    frame_channel& frames;
    const providers::provider_list& chat_providers;
    providers::health_table& health;
    const providers::model_list& models;
    const providers::provider_rules& rules;
    providers::provider_budgets& budgets;
    live_generations& live;
    std::string owner;  ///< "slot#incarnation"
    chat_options options;
    safety::term_screen& terms;
    reply_cache* cache = nullptr;        ///< null: no reply is cached
    const std::string& distress = none;  ///< crisis_instructions; reloaded

    static inline const std::string none;
};

/// Claims the generation, answers it, and returns the statement that ends it. A lease held elsewhere is `errc::leased`
/// (the runner waits); a generation that has ended gives what follows its end again.
awaitable<result<effects>> answer(events::chat_screened, record, const ports&);

worker declare(const ports&);

}  // namespace airi::workers::chat
