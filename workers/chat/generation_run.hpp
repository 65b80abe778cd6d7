// One claimed generation being answered: the chain of models is tried until one gives a whole reply. Used by the chat
// worker.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/json.hpp"
#include "workers/chat/chat.hpp"
#include "workers/chat/provider_call.hpp"

namespace airi::workers::chat {

/// A statement that ends a generation and returns its row, and what follows from that row.
effects ended_by(postgres::bound statement, const events::chat_screened&, std::string traceparent);

class generation_run {
public:
    /// `ports` must outlive the object.
    generation_run(
        events::chat_screened, sql::generations::claimed, std::string traceparent, const ports& ports, executor);
    ~generation_run();
    generation_run(const generation_run&) = delete;

    /// The effects that end the generation; `errc::leased` when it goes on elsewhere (lease lost, or a drain).
    awaitable<result<effects>> run();

private:
    enum class outcome { none, completed, rejected, filtered, prompt_refused, stopped, lease_lost };

    bool stopped() const { return live_->stopped_by != stop_reason::none; }
    bool has_blocked_instructions() const;
    bool rejected();
    awaitable<outcome> try_models();
    awaitable<outcome> try_model(const providers::priced_model&);
    providers::prompt prompt_for(const providers::priced_model&);
    bool fits_quota(providers::prompt&) const;
    awaitable<bool> replay_cached_reply(const providers::priced_model&, const providers::prompt&);
    awaitable<call_end> call(const providers::priced_model&, providers::prompt);
    awaitable<call_end> call_with_tools(const providers::priced_model&, providers::prompt);
    awaitable<> run_tools(providers::prompt&, std::size_t text_before);
    awaitable<> wait_for_budget(milliseconds);
    awaitable<outcome> restart();

    awaitable<result<effects>> end_stopped();
    awaitable<result<effects>> end_with_text(std::string_view state);
    awaitable<result<effects>> end_without_text(std::string_view state, std::string error = {});
    awaitable<result<effects>> end_before_start(std::string_view state, std::string error = {});
    awaitable<result<effects>> leave();
    std::string failure_code() const;
    std::int64_t estimated_output(std::size_t text_before) const;
    std::string details() const;
    effects finish(sql::generations::ending) const;

    events::chat_screened event_;
    sql::generations::claimed claim_;
    std::string traceparent_;
    const ports& ports_;
    std::shared_ptr<live_generation> live_;
    std::shared_ptr<deltas> out_;
    executor executor_;
    std::vector<providers::priced_model> models_;      // in the order in which they are tried
    const providers::priced_model* author_ = nullptr;  // of the text in out_; null: no model was asked in this epoch
    std::vector<sql::generations::provider_call> calls_;
    providers::token_count tokens_;  // of the last call
    milliseconds latency_{0};
    std::optional<std::string> cache_key_;     // when this request's reply may be cached
    bool cached_ = false;                      // the reply comes from the cache
    std::optional<milliseconds> over_budget_;  // of a model in this round; until the first one can be called
    bool too_long_ = false;                    // the message, for one of the models
    std::string_view lacking_;                 // a parameter that one of the models does not have
    std::optional<providers::finish> finish_;  // of the last call
    bool quota_bounds_ = false;                // the reply would be longer without the day's quota of tokens
    json::array tool_runs_;                    // of this epoch, for the reply's metadata
    int tools_run_ = 0;                        // in this epoch
    std::map<std::string, int> same_calls_;    // in this epoch: by name and arguments
    std::size_t left_out_ = 0;                 // turns of the history that had no room in the last prompt
};

}  // namespace airi::workers::chat
