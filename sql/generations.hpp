// The statements of a generation's life, typed: what is written is a bound statement, what is read is parsed here.
// Used by the moderation and chat workers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/chat.hpp"
#include "platform/base/json.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::sql::generations {

struct verdict_row {
    std::string_view action;  ///< allow, warn, block, review
    std::vector<std::string> categories;
    double confidence = 0;
    std::string_view reason;
};
/// Stores the message and its generation; repeated, it changes nothing.
postgres::bound screen(const events::chat_requested&, const verdict_row&);

/// The message's end when it could not be stored; one that was stored stays as it is.
postgres::bound abandon_message(const events::chat_requested&, std::string_view error_code);

/// How a generation ended, as its row says.
struct end {
    std::string state;  ///< completed, rejected, cancelled, failed
    std::string error_code, provider, model;
    std::int64_t epoch = 0, offset = 0, tokens_in = 0, tokens_out = 0, cost_nanousd = 0, latency_ms = 0;
    instant finished_at;
    std::string message;  ///< JSON of the reply; "null" when there is none
    bool cached = false;  ///< the reply was kept from an earlier request: no provider was asked
};

struct past_turn {
    bool by_user = true;
    std::string text;
};

/// What claiming a generation brought.
struct claimed {
    enum class kind { mine, leased, unknown, ended };
    kind is = kind::unknown;
    milliseconds wait{0};  ///< leased: how long the lease still runs
    end ended;             ///< ended
    // mine:
    std::int64_t epoch = 0, attempts = 0;
    bool cancelled = false;
    std::string model;       ///< asked for, the conversation's or the companion's; may be empty
    std::string parameters;  ///< JSON object
    std::int64_t rank = 0, context_tokens = 0, reply_tokens = 0;
    std::vector<std::string> providers;  ///< the plan allows these only; empty: all
    std::string system_prompt, personality;
    std::string summary;             ///< of what was said before the history
    std::vector<past_turn> history;  ///< newest first; the first one is the message to answer
};

postgres::bound claim(const generation_id&, std::string_view owner, milliseconds lease);
/// None when the text is not what generation_claim() returns.
std::optional<claimed> read_claim(std::string_view json);

/// One call of a provider: what we paid, aborted or not.
struct provider_call {
    std::int64_t epoch = 0;
    std::string provider, model, outcome;
    std::int64_t tokens_in = 0, tokens_out = 0, cost_nanousd = 0, latency_ms = 0;
};
/// Such calls as the statements take them: a JSON array, numbered from 0.
std::string calls_json(const std::vector<provider_call>&);
/// Extends the lease; `text` is what the clients have seen of the epoch, `under_way` what the call has cost so far.
postgres::bound heartbeat(const generation_id&, std::int64_t epoch, milliseconds lease, std::string_view text,
    std::int64_t offset, const provider_call& under_way);
/// Keeps what calls cost whose reply nobody will see; needs no lease.
postgres::bound calls(const generation_id&, const std::vector<provider_call>&);
postgres::bound restart(const generation_id&, std::int64_t epoch);
postgres::bound release(const generation_id&, std::int64_t epoch);

struct ending {
    std::string_view state;  ///< completed, cancelled, failed
    std::string content;
    std::string error_code, provider, model;
    std::int64_t tokens_in = 0, tokens_out = 0, cost_nanousd = 0, latency_ms = 0, offset = 0;
    std::vector<provider_call> calls{};
    bool cached = false;  ///< completed with a kept reply: costs nothing
};
/// Fails with `fenced` when the epoch is not ours any more.
postgres::bound finish(const generation_id&, std::int64_t epoch, const ending&);
postgres::bound abandon(const generation_id&, std::string_view error_code);
/// From what finish, abandon and claim return; none for JSON null.
std::optional<end> read_end(std::string_view json);

}  // namespace airi::sql::generations
