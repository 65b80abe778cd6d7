// Typed access to generations: functions that bind statements, and parsers of their rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/chat.hpp"
#include "platform/base/json.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::sql::generations {

/// The provider and model of a fixed reply, which no model wrote; the metadata and events of replies have them.
inline constexpr std::string_view own_provider = "airi", crisis_model = "crisis";

struct verdict_row {
    std::string_view action;  ///< allow, warn, block, review
    std::vector<std::string> categories;
    double confidence = 0;
    std::string_view reason;
};
/// Stores a message and its generation; a repetition changes nothing. `safety` is JSON as messages_screen takes it
/// (sql/functions/messages.sql).
postgres::bound screen(
    const events::chat_requested&, const verdict_row&, const std::optional<std::string>& safety = std::nullopt);

/// Fails a message that could not be stored; a stored one stays as it is.
postgres::bound abandon_message(const events::chat_requested&, std::string_view error_code);

/// Tokens of a call; `cached` and `cache_write` are parts of `in`, `reasoning` of `out`.
struct call_tokens {
    std::int64_t in = 0, out = 0, cached = 0, cache_write = 0, reasoning = 0;
};

/// A call as the usage ledger has it. An estimate that the real call replaced has the outcome "replaced" and no tokens.
struct ledger_line {
    event_id id;
    std::string provider, model, outcome;
    call_tokens tokens;
    std::int64_t cost_nanousd = 0, price_version = 0;
    instant at;
};
/// From the JSON that ledger_lines() returns.
std::vector<ledger_line> read_ledger(json::value);

/// The final state of a generation.
struct end {
    std::string state;  ///< completed, rejected, cancelled, failed
    std::string error_code, provider, model;
    std::int64_t epoch = 0, offset = 0, tokens_in = 0, tokens_out = 0, cost_nanousd = 0, latency_ms = 0;
    instant finished_at;
    std::string message;      ///< the reply as JSON, or "null"
    bool cached = false;      ///< the reply came from the reply cache, without a provider
    bool superseded = false;  ///< the reply belongs to an earlier version: its question was replaced or deleted
    std::vector<ledger_line> calls;
};

/// What screen() returns where more has happened than storing a message that a model answers.
struct screened {
    bool stale = false;     ///< nothing was stored: the conversation's state is another one, `state`
    std::string state;      ///< JSON, as stored in conversations.safety; "null": none
    bool repeated = false;  ///< the message was stored before; `decision`, the verdict and `ended` are of that time
    std::string decision;   ///< JSON of the stored decision; "null": none
    /// With `repeated`: the stored verdict, as in verdict_row.
    std::string action = "allow", reason;
    std::vector<std::string> categories;
    double confidence = 0;
    std::string review;        ///< with `repeated`: as in moderation_decisions; empty: the message was never held
    std::optional<end> ended;  ///< of a generation with a fixed reply
    std::string lost;          ///< the code with which the message failed, as it came too late; empty: it did not
    std::vector<generation_id> stopped;  ///< generations whose questions it replaces
};
/// None for no row: the message was stored as asked, and is to be answered by a model.
std::optional<screened> read_screened(const postgres::rows&);

struct past_turn {
    bool by_user = true;
    std::string text;
};

/// The result of claiming a generation.
struct claimed {
    enum class kind { mine, leased, unknown, ended };
    kind is = kind::unknown;
    milliseconds wait{0};  ///< leased: until the lease expires
    end ended;             ///< ended
    // mine:
    std::int64_t epoch = 0, attempts = 0;
    bool cancelled = false;
    std::string model;         ///< of the request, the conversation or the companion; may be empty
    std::string safety_state;  ///< of the conversation; empty: NORMAL
    std::string parameters;    ///< JSON object
    std::int64_t rank = 0, context_tokens = 0, reply_tokens = 0;
    std::vector<std::string> providers;  ///< the only ones that the plan allows; empty: all
    std::string system_prompt, personality;
    std::string summary;             ///< of the messages before the history
    std::int64_t quota_tokens = -1;  ///< that the prompt and the reply may use together; -1: no such limit
    std::string game_session;        ///< id of the active one in a game; empty: none
    std::string tools;               ///< JSON array of the companion's, as OpenAI's API has tools; empty: none
    std::vector<past_turn> history;  ///< newest first; the first is the message to answer
};

postgres::bound claim(const generation_id&, std::string_view owner, milliseconds lease);
/// None for text that generation_claim() does not return.
std::optional<claimed> read_claim(std::string_view json);

/// The costs of a call of a provider, complete or aborted.
struct provider_call {
    std::int64_t epoch = 0;
    std::string provider, model, outcome;
    call_tokens tokens{};  ///< the provider's count, or ours when it gave none
    std::int64_t cost_nanousd = 0, latency_ms = 0;
    std::int64_t own_in = 0, own_out = 0;  ///< our count
    bool counted_by_provider = false;
    std::string reported{};  ///< the provider's usage as JSON; empty: none
    std::int64_t price_version = 0;
};
/// The call with the tokens and costs of the earlier ones of its epoch.
provider_call with_earlier(provider_call, const std::vector<provider_call>& earlier);
/// The calls as the JSON array that statements take, numbered from 0.
std::string calls_json(const std::vector<provider_call>&);
/// Extends the lease; `text`: sent to clients in this epoch, `under_way`: the unfinished call's costs so far.
postgres::bound heartbeat(const generation_id&, std::int64_t epoch, milliseconds lease, std::string_view text,
    std::int64_t offset, const provider_call& under_way);
/// Stores the costs of calls whose reply is discarded; needs no lease.
postgres::bound calls(const generation_id&, const std::vector<provider_call>&);
postgres::bound restart(const generation_id&, std::int64_t epoch);
postgres::bound release(const generation_id&, std::int64_t epoch);

struct ending {
    std::string_view state;  ///< completed, rejected, cancelled, failed
    std::string content;
    std::string error_code, provider, model;
    std::int64_t tokens_in = 0, tokens_out = 0, cost_nanousd = 0, latency_ms = 0, offset = 0;
    std::vector<provider_call> calls{};
    bool cached = false;             ///< completed from the reply cache: costs nothing
    std::size_t question_bytes = 0;  ///< the length of the message that is answered
    std::string details = "{}";      ///< JSON object: more of the reply's metadata
};
/// Fails with `fenced` when another owner has a newer epoch.
postgres::bound finish(const generation_id&, std::int64_t epoch, const ending&);
postgres::bound abandon(const generation_id&, std::string_view error_code);
/// Parses the result of finish, abandon and claim; none for JSON null.
std::optional<end> read_end(std::string_view json);

}  // namespace airi::sql::generations
