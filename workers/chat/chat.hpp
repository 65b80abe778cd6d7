// The chat worker: a screened message in; its reply streamed to the clients, then stored, counted and announced once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "events/chat.hpp"
#include "sql/generations.hpp"
#include "workers/chat/live.hpp"
#include "workers/chat/reply_cache.hpp"
#include "workers/providers/health.hpp"
#include "workers/providers/models.hpp"
#include "workers/providers/provider.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::chat {

struct chat_options {
    milliseconds lease{12'000};  ///< how long a dead worker's generations wait for another one
    milliseconds heartbeat{3'000};
    int max_attempts = 5;  ///< claims of a generation before it fails
    int rounds = 2;        ///< times through the chain of models
    providers::time_limits limits;
};

struct ports {
    postgres::database& database;
    frame_channel& frames;
    const std::vector<std::unique_ptr<providers::chat_provider>>& models_of;
    providers::health_table& health;
    const providers::model_list& prices;
    live_generations& live;
    std::string owner;  ///< "slot#incarnation"
    chat_options options;
    reply_cache* kept = nullptr;  ///< none: every reply is made
};

/// Claims the generation, answers it, and returns the statement that ends it. A lease held elsewhere is `errc::leased`
/// (the runner waits); a generation that has ended gives its consequences again.
awaitable<result<effects>> answer(events::chat_screened, record, const ports&);

/// What follows from a generation's end: the last frame, chat.finished, and usage when something was consumed. The same
/// row gives the same frames and the same event ids.
after_commit consequences_of(const events::chat_screened&, const sql::generations::end&, std::string_view traceparent);

worker declare(const ports&);

}  // namespace airi::workers::chat
