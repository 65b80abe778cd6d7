// The ends of a generation: what is stored of it, and what follows.
#include <fmt/format.h>

#include "events/gaming.hpp"
#include "platform/base/json.hpp"
#include "workers/chat/generation_run.hpp"
#include "workers/runtime/errors.hpp"
#include "workers/runtime/generation_end.hpp"

namespace airi::workers::chat {

namespace gen = sql::generations;

effects ended_by(postgres::bound statement, const events::chat_screened& event, std::string traceparent) {
    effects out;
    out.statements.push_back(std::move(statement));
    out.after_from_rows = [event, traceparent = std::move(traceparent)](const std::vector<postgres::rows>& rows) {
        const auto end = rows.front().empty() ? std::nullopt : gen::read_end(rows.front().text(0, 0));
        return end ? after_end(event, *end, traceparent, source) : after_commit{};
    };
    return out;
}

// Why no model was asked, if none was.
std::string generation_run::failure_code() const {
    if (!calls_.empty() || (!too_long_ && lacking_.empty())) return "provider_unavailable";
    if (too_long_) return quota_bounds_ ? "quota_exceeded" : "message_too_long";
    return fmt::format("unsupported_parameter.{}", lacking_);
}

awaitable<result<effects>> generation_run::end_stopped() {
    if (live_->stopped_by != stop_reason::cancelled) return leave();
    if (!author_) return end_without_text("cancelled");
    out_->finish();
    return end_with_text(rejected() ? "rejected" : "cancelled");
}

awaitable<result<effects>> generation_run::end_with_text(std::string_view state) {
    co_await out_->settle();
    gen::ending end{.state = state,
        .content = out_->text(),
        .error_code = {},
        .provider = author_->provider,
        .model = author_->model};
    end.tokens_in = tokens_.in;
    end.tokens_out = tokens_.out;
    end.cost_nanousd = cached_ ? 0 : cost(*author_, tokens_);
    end.cached = cached_ && state == "completed";
    end.latency_ms = latency_.count();
    if (state == "rejected") end.error_code = out_->found().reason;
    end.details = details();
    co_return finish(std::move(end));
}

awaitable<result<effects>> generation_run::end_without_text(std::string_view state, std::string error) {
    co_await out_->settle();
    co_return finish({.state = state, .content = {}, .error_code = std::move(error), .provider = {}, .model = {}});
}

// No provider was asked. Clients of an earlier epoch learn that its text is void.
awaitable<result<effects>> generation_run::end_before_start(std::string_view state, std::string error) {
    if (claim_.epoch > 1) out_->begin(claim_.epoch);
    return end_without_text(state, std::move(error));
}

// Another worker goes on with the generation. What the calls have cost is stored all the same.
awaitable<result<effects>> generation_run::leave() {
    postgres::transaction transaction;
    if (!calls_.empty()) transaction.statements.push_back(gen::calls(event_.generation, calls_));
    if (live_->stopped_by == stop_reason::draining)
        transaction.statements.push_back(gen::release(event_.generation, live_->epoch));
    if (!transaction.statements.empty()) co_await ports_.database.run(std::move(transaction));
    co_return make_error_code(errc::leased);
}

// The metadata of the stored reply beside its costs.
std::string generation_run::details() const {
    json::object out;
    if (finish_) {
        const bool by_quota = quota_bounds_ && *finish_ == providers::finish::length;
        out.add("finish_reason", by_quota ? "quota" : providers::name_of(*finish_));
    }
    if (!out_->calls().empty()) out.add_raw("tool_calls", providers::calls_json(out_->calls()));
    if (!out_->logprobs().empty()) out.add_raw("logprobs", "[" + out_->logprobs() + "]");
    if (tokens_.cached > 0) out.add("tokens_cached", tokens_.cached);
    if (tokens_.reasoning > 0) out.add("tokens_reasoning", tokens_.reasoning);
    if (left_out_ > 0) out.add("history_left_out", left_out_);
    if (const auto found = out_->found(); found.action != "allow") {
        json::array categories;
        for (const auto& category : found.categories) categories.add(category);
        out.add_raw("moderation", json::object()
                                      .add("action", found.action)
                                      .add_raw("categories", categories.text())
                                      .add("confidence", found.confidence)
                                      .add("reason", found.reason)
                                      .text());
    }
    if (!tool_runs_.empty()) out.add_raw("tool_runs", json::array(tool_runs_).text());
    return out.text();
}

effects generation_run::finish(gen::ending end) const {
    end.offset = out_->next_offset();
    end.calls = calls_;
    if (!claim_.history.empty()) end.question_bytes = claim_.history.front().text.size();
    auto out = ended_by(gen::finish(event_.generation, live_->epoch, end), event_, traceparent_);
    if (!calls_.empty()) out.when_fenced.push_back(gen::calls(event_.generation, calls_));
    if (const auto session = gaming_session_id::parse(claim_.game_session))
        out.after_from_rows = [then = std::move(out.after_from_rows), session = *session](
                                  const std::vector<postgres::rows>& rows) {
            auto after = then(rows);
            // The statement has stored the reply's words for the game as a command.
            after.announcements.push_back(
                {std::string(events::gaming_channel), events::gaming_wake{session, "command"}.text()});
            return after;
        };
    return out;
}

}  // namespace airi::workers::chat
