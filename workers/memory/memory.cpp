#include "workers/memory/memory.hpp"

#include <algorithm>

#include "events/frames.hpp"
#include "events/usage.hpp"
#include "platform/base/log.hpp"
#include "sql/memories.hpp"
#include "workers/memory/prompts.hpp"
#include "workers/providers/estimate.hpp"
#include "workers/runtime/consumer_groups.hpp"

namespace airi::workers::memory {
namespace {

namespace memories = sql::memories;
using sql::generations::provider_call;
using clock = std::chrono::steady_clock;

constexpr std::size_t most_models = 3, most_questions = 8;  // asked for one answer / for one summary

// One answer, and what it cost to get it, or not.
struct answer {
    std::string text;
    std::vector<provider_call> calls;
};

struct call_end {
    error_code why;
    std::string text;
    std::optional<providers::token_count> tokens;
};

awaitable<call_end> read_whole(providers::chat_provider& from, providers::prompt what, providers::time_limits limits) {
    call_end out;
    auto stream = co_await from.start(std::move(what), limits);
    if (!stream) {
        out.why = stream.error();
        co_return out;
    }
    for (bool ended = false; !ended;) {
        auto piece = co_await (*stream)->next();
        if (!piece) {
            out.why = piece.error();
            co_return out;
        }
        out.text += piece->text;
        if (piece->tokens) out.tokens = piece->tokens;
        ended = piece->ended.has_value();
    }
    if (out.text.empty()) out.why = make_error_code(providers::errc::interrupted);
    co_return out;
}

// The models in turn, until one answers.
awaitable<answer> ask(const ports& use, const std::vector<providers::priced_model>& models, providers::prompt what) {
    answer out;
    for (const auto& model : models) {
        auto& health = use.health.of(model.provider);
        if (out.calls.size() == most_models) break;
        if (!health.allows(clock::now())) continue;
        const auto from = std::find_if(
            use.models_of.begin(), use.models_of.end(), [&](const auto& p) { return p->name() == model.provider; });
        what.model = model.model;
        const auto start = clock::now();
        auto got = co_await read_whole(**from, what, use.limits);
        const auto took = std::chrono::floor<milliseconds>(clock::now() - start);
        std::int64_t asked = 0;
        for (const auto& t : what.turns) asked += providers::estimate_tokens(t.text);
        auto tokens = got.tokens.value_or(providers::token_count{asked, providers::estimate_tokens(got.text)});
        if (got.why && !got.tokens && got.text.empty()) tokens = {};
        if (got.why)
            health.failed(clock::now(), got.why, (*from)->retry_after());
        else
            health.succeeded(clock::now(), took);
        out.calls.push_back({1, model.provider, model.model, got.why ? got.why.message() : "completed", tokens.in,
            tokens.out, cost(model, tokens), took.count()});
        if (got.why) continue;
        out.text = std::move(got.text);
        break;
    }
    co_return out;
}

// The turns go in by and by, as many at a time as a model has room for; what was reached when a question fails is kept.
awaitable<memories::folding> summarise(const ports& use, const std::vector<providers::priced_model>& models,
    memories::due from, std::vector<provider_call>& calls) {
    memories::folding out{.summary = {}, .before = from.until, .until = {}};
    std::span<const memories::turn> left(from.turns);
    auto summary = from.summary;
    for (std::size_t questions = 0; !left.empty() && questions < most_questions; ++questions) {
        const auto count = taken_at_once(summary, left);
        auto got = co_await ask(use, models, summary_prompt(summary, left.first(count)));
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

struct work {
    generation_id id;
    std::string resource;
};

void tell(const events::chat_finished& in, const work& of, const memories::done& came, std::string_view traceparent,
    after_commit& to) {
    if (!came.conversation.empty())
        to.announcements.push_back({events::channel_of(in.user),
            json::object()
                .add("type", "conversation_updated")
                .add_raw("data", json::object().add_raw("conversation", came.conversation).text())
                .text()});
    if (!came.billed) return;
    const events::usage_recorded used{in.user, of.resource, 1, came.provider, came.model, came.tokens_in,
        came.tokens_out, came.cost_nanousd, "completed", of.id, came.at};
    to.events.push_back(
        events::envelope(used, {event_id::of(of.id.value, "usage"), "/airi/workers/memory", came.at, traceparent}));
}

}  // namespace

awaitable<result<effects>> remember(events::chat_finished in, record from, const ports& use) {
    if (in.state != "completed") co_return effects{};
    const work title{generation_id::of(in.generation.value, "title"), "titles"};
    const work summary{generation_id::of(in.generation.value, "summary"), "summaries"};
    postgres::transaction look;
    look.statements.push_back(memories::look(in, title.id, summary.id));
    const auto rows = co_await use.database.run(std::move(look));
    if (!rows) co_return rows.error();
    const auto due = rows->front().empty() ? std::nullopt : memories::read_due(rows->front().text(0, 0));
    if (!due) co_return effects{};
    const auto prices = use.prices;
    const auto models = cheapest_first(chain(*prices, allowed(use.models_of, due->providers), due->rank, {}));
    effects out;
    std::vector<work> done;
    if (due->titled || !due->question.empty()) {
        answer got;
        if (!due->titled) got = co_await ask(use, models, title_prompt(due->question, due->reply));
        out.statements.push_back(memories::title(in, title.id, title_of(got.text), got.calls));
        done.push_back(title);
    }
    if (due->folded || !due->turns.empty()) {
        memories::folding folding;
        std::vector<provider_call> calls;
        if (!due->folded) folding = co_await summarise(use, models, *due, calls);
        out.statements.push_back(memories::fold(in, summary.id, folding, calls));
        done.push_back(summary);
    }
    log::info("memory.made",
        {{"generation_id", in.generation.text()}, {"title", !due->question.empty()}, {"turns", due->turns.size()}});
    out.after_from_rows = [in, done, traceparent = std::string(from.traceparent())](
                              const std::vector<postgres::rows>& all) {
        after_commit then;
        then.changed = {in.user};
        for (std::size_t i = 0; i < done.size(); ++i)
            if (const auto came = all[i].empty() ? std::nullopt : memories::read_done(all[i].text(0, 0)))
                tell(in, done[i], *came, traceparent, then);
        return then;
    };
    co_return out;
}

worker declare(const ports& use) {
    struct handler {
        const ports& with;
        awaitable<result<effects>> operator()(events::chat_finished in, record from) const {
            return remember(std::move(in), from, with);
        }
    };
    worker out;
    out.name = "memory";
    out.group = consumer_groups::memory;
    out.topic = std::string(events::chat_finished::topic);
    out.handle = on_event<events::chat_finished>(handler{use});
    return out;
}

}  // namespace airi::workers::memory
