#include "workers/memory/memory.hpp"

#include <algorithm>

#include "events/frames/codec.hpp"
#include "events/frames/conversations.hpp"
#include "events/frames/frame.hpp"
#include "platform/base/log.hpp"
#include "sql/memories.hpp"
#include "workers/memory/prompts.hpp"
#include "workers/providers/call_metrics.hpp"
#include "workers/providers/estimate.hpp"
#include "workers/runtime/ledger_events.hpp"

namespace airi::workers::memory {
namespace {

namespace memories = sql::memories;
using sql::generations::provider_call;
using clock = std::chrono::steady_clock;

constexpr std::int64_t only_epoch = 1;                     // titles and summaries are not begun again
constexpr std::size_t most_models = 3, most_requests = 8;  // models for one answer, requests for one summary

struct answer {
    std::string text;  // empty: no model answered
    std::vector<provider_call> calls;
};

struct call_end {
    error_code error;
    std::string text;
    providers::call_usage usage;
};

awaitable<call_end> read_reply(
    providers::chat_provider& provider, providers::prompt prompt, providers::time_limits limits) {
    call_end out;
    auto stream = co_await provider.start(std::move(prompt), limits);
    if (!stream) {
        out.error = stream.error();
        co_return out;
    }
    for (bool ended = false; !ended;) {
        auto piece = co_await (*stream)->next();
        if (!piece) {
            out.error = piece.error();
            co_return out;
        }
        out.text += piece->text;
        if (piece->tokens) {
            out.usage.counted = piece->tokens;
            out.usage.reported = std::move(piece->reported);
        }
        ended = piece->ended.has_value();
        out.usage.whole = ended;
    }
    if (out.text.empty()) out.error = make_error_code(providers::errc::interrupted);
    co_return out;
}

// Calls one model after the other until one answers.
awaitable<answer> ask(
    const ports& ports, const std::vector<providers::priced_model>& models, providers::prompt prompt) {
    answer out;
    for (const auto& model : models) {
        auto& health = ports.health.of(model.provider);
        if (out.calls.size() == most_models) break;
        if (!ports.health.allows(model.provider, clock::now())) continue;
        std::int64_t prompt_tokens = 0;
        for (const auto& turn : prompt.turns) prompt_tokens += providers::estimate_tokens(turn.text);
        const auto granted = co_await ports.budgets.take(model.provider, prompt_tokens + prompt.max_tokens);
        if (granted.wait.count() > 0) {
            health.abandoned();
            continue;
        }
        auto& provider = provider_named(ports.chat_providers, model.provider);
        prompt.model = model.id();
        prompt.api_version = model.api_version;
        const auto start = clock::now();
        auto got = co_await read_reply(provider, prompt, ports.limits);
        const auto took = std::chrono::floor<milliseconds>(clock::now() - start);
        if (!got.error || !got.text.empty()) got.usage.own = {prompt_tokens, providers::estimate_tokens(got.text)};
        const auto tokens = got.usage.tokens();
        co_await ports.budgets.settle(granted, tokens.in + tokens.out);
        if (got.error)
            health.failed(clock::now(), got.error, provider.retry_after());
        else
            health.succeeded(clock::now(), took);
        out.calls.push_back(
            priced_call(model, got.error ? got.error.message() : "completed", got.usage, took, only_epoch));
        providers::measure_call(out.calls.back(), got.error, std::nullopt);
        if (got.error) continue;
        out.text = std::move(got.text);
        break;
    }
    co_return out;
}

// Each request adds as many turns as a model has room for. When one fails, the summary reached so far is stored.
awaitable<memories::folding> summarise(const ports& ports, const std::vector<providers::priced_model>& models,
    memories::due due, std::vector<provider_call>& calls) {
    memories::folding out{.summary = {}, .before = due.until, .until = {}};
    std::span<const memories::turn> left(due.turns);
    auto summary = due.summary;
    for (std::size_t requests = 0; !left.empty() && requests < most_requests; ++requests) {
        const auto count = turns_per_request(summary, left);
        auto got = co_await ask(ports, models, summary_prompt(summary, left.first(count)));
        calls.insert(calls.end(), got.calls.begin(), got.calls.end());
        summary = summary_of(got.text);
        if (summary.empty()) break;
        out.summary = summary;
        out.until = left[count - 1].at;
        out.turns += count;
        left = left.subspan(count);
    }
    co_return out;
}

struct task {
    generation_id id;
    std::string resource;
};

void add_after_commit(after_commit& out, const events::chat_finished& event, const task& task,
    const memories::done& done, std::string_view traceparent) {
    if (!done.conversation.empty())
        out.announcements.push_back({events::channel_of(event.user),
            events::encode_frame(events::frames::conversation_updated{{done.conversation}})});
    add_ledger_events(out, {event.user, task.resource, task.id, "/airi/workers/memory", traceparent}, done.calls);
}

}  // namespace

awaitable<result<effects>> update_memory(events::chat_finished event, record record, const ports& ports) {
    if (event.state != "completed") co_return effects{};
    const task title{generation_id::of(event.generation.value, "title"), "titles"};
    const task summary{generation_id::of(event.generation.value, "summary"), "summaries"};
    const auto rows = co_await postgres::run_grouped(
        ports.database, event.conversation.text(), memories::find_due(event, title.id, summary.id));
    if (!rows) co_return rows.error();
    const auto due = rows->empty() ? std::nullopt : memories::read_due(rows->text(0, 0));
    if (!due) co_return effects{};
    const auto prices = ports.models;
    const auto models = cheapest_first(
        chain(*prices, allowed(ports.chat_providers, due->providers), {due->rank, {}}, ports.rules, ports.health));
    effects out;
    std::vector<task> tasks;
    if (due->titled || !due->question.empty()) {
        answer got;
        if (!due->titled) got = co_await ask(ports, models, title_prompt(due->question, due->reply));
        out.statements.push_back(memories::title(event, title.id, title_of(got.text), got.calls));
        tasks.push_back(title);
    }
    if (due->folded || !due->turns.empty()) {
        memories::folding folding;
        std::vector<provider_call> calls;
        if (!due->folded) folding = co_await summarise(ports, models, *due, calls);
        out.statements.push_back(memories::fold(event, summary.id, folding, calls));
        tasks.push_back(summary);
    }
    log::info("memory.updated",
        {{"generation_id", event.generation.text()}, {"title", !due->question.empty()}, {"turns", due->turns.size()}});
    out.after_from_rows = [event, tasks, traceparent = std::string(record.traceparent())](
                              const std::vector<postgres::rows>& rows_of) {
        after_commit after;
        after.changed_users = {event.user};
        for (std::size_t i = 0; i < tasks.size(); ++i)
            if (const auto done = rows_of[i].empty() ? std::nullopt : memories::read_done(rows_of[i].text(0, 0)))
                add_after_commit(after, event, tasks[i], *done, traceparent);
        return after;
    };
    co_return out;
}

worker declare(const ports& ports) {
    struct handler {
        const memory::ports& ports;
        awaitable<result<effects>> operator()(events::chat_finished event, record record) const {
            return update_memory(std::move(event), record, ports);
        }
    };
    worker out;
    out.name = "memory";
    out.group = "memory";
    out.topic = std::string(events::chat_finished::topic);
    out.patient = true;
    out.handle = on_event<events::chat_finished>(handler{ports});
    return out;
}

}  // namespace airi::workers::memory
