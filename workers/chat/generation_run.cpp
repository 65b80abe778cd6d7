#include "workers/chat/generation_run.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "platform/telemetry/tracing.hpp"
#include "workers/chat/prompt.hpp"
#include "workers/chat/tools.hpp"
#include "workers/providers/call_metrics.hpp"
#include "workers/providers/estimate.hpp"
#include "workers/runtime/delivery.hpp"
#include "workers/runtime/errors.hpp"

namespace airi::workers::chat {
namespace {

namespace gen = sql::generations;
using providers::priced_model;
using clock = std::chrono::steady_clock;

constexpr milliseconds pause_between_rounds{300};
constexpr milliseconds pause_in_outage{200};
constexpr int most_tool_rounds = 4, most_tools_run = 8;
constexpr milliseconds longest_budget_wait{5'000}, budget_wait_step{100};

// The span has no text of the message or the reply.
void describe(tracing::span& span, const gen::provider_call& call, const call_end& got) {
    span.set("gen_ai.operation.name", "chat");
    span.set("gen_ai.provider.name", call.provider);
    span.set("gen_ai.request.model", call.model);
    span.set("gen_ai.usage.input_tokens", call.tokens.in);
    span.set("gen_ai.usage.output_tokens", call.tokens.out);
    if (got.finish) span.set("gen_ai.response.finish_reasons", name_of(*got.finish));
    if (got.first_token) span.set("airi.time_to_first_token_ms", got.first_token->count());
    if (got.error) span.failed(name_of(failure_of(got.error)));
}

milliseconds since(clock::time_point start) { return std::chrono::floor<milliseconds>(clock::now() - start); }

}  // namespace

generation_run::generation_run(events::chat_screened event, gen::claimed claim, std::string traceparent,
    const chat::ports& ports, airi::executor executor)
    : event_(std::move(event)),
      claim_(std::move(claim)),
      traceparent_(std::move(traceparent)),
      ports_(ports),
      live_(std::make_shared<live_generation>(executor)),
      out_(std::make_shared<deltas>(
          ports.frames, events::generation_ids{event_.conversation, event_.generation, event_.message, event_.reply},
          executor, [&live = ports.live] { return live.size(); }, ports.terms.in_force())),
      executor_(executor) {
    live_->epoch = claim_.epoch;
    ports_.live.add(event_.generation, live_);
}

generation_run::~generation_run() {
    live_->done = true;
    live_->heartbeat.cancel();
    ports_.live.remove(event_.generation);
}

awaitable<result<effects>> generation_run::run() {
    if (claim_.cancelled) co_return co_await end_before_start("cancelled");
    if (claim_.attempts > ports_.options.max_attempts)
        co_return co_await end_before_start("failed", "too_many_attempts");
    if (has_blocked_instructions()) co_return co_await end_before_start("failed", "prompt_refused");
    boost::asio::co_spawn(executor_, keep_lease(ports_.database, ports_.options.times, event_.generation, live_, out_),
        boost::asio::detached);
    out_->begin(claim_.epoch);
    const auto got = co_await try_models();
    if (got == outcome::lease_lost) co_return make_error_code(errc::leased);
    if (stopped()) co_return co_await end_stopped();
    switch (got) {
        case outcome::completed:
            if (cache_key_ && !cached_ && finish_ == providers::finish::stop)
                co_await ports_.cache->store(*cache_key_, {out_->text(), tokens_});
            co_return co_await end_with_text("completed");
        case outcome::rejected: co_return co_await end_with_text("rejected");
        case outcome::filtered: co_return co_await end_without_text("failed", "content_filtered");
        case outcome::prompt_refused: co_return co_await end_without_text("failed", "prompt_refused");
        default: co_return co_await end_without_text("failed", failure_code());
    }
}

// The stored texts of a prompt were screened when they were saved, but by the terms of that time. Messages were
// screened when they were sent.
bool generation_run::has_blocked_instructions() const {
    for (const auto* text : {&claim_.personality, &claim_.system_prompt, &claim_.summary})
        if (const auto& found = ports_.terms.check_known(*text); found.blocks()) {
            log::warn("prompt.blocked", {{"generation_id", event_.generation.text()}, {"reason", found.reason}});
            return true;
        }
    return false;
}

// A stop ends the steps below early; run() alone acts on it.
awaitable<generation_run::outcome> generation_run::try_models() {
    const auto prices = ports_.models;
    models_ = chain(*prices, allowed(ports_.chat_providers, claim_.providers), {claim_.rank, claim_.model},
        ports_.rules, ports_.health);
    for (int round = 0; round < ports_.options.rounds;) {
        over_budget_.reset();
        for (const auto& model : models_) {
            if (stopped()) co_return outcome::stopped;
            if (const auto got = co_await try_model(model); got != outcome::none) co_return got;
        }
        // A round with a provider that would have been called is not one that has failed.
        if (over_budget_)
            co_await wait_for_budget(*over_budget_);
        else if (++round < ports_.options.rounds)
            co_await sleep(pause_between_rounds);
    }
    co_return outcome::none;
}

// Not all of a long wait: another provider may be back before.
awaitable<> generation_run::wait_for_budget(milliseconds wait) {
    log::write_repeated(log::level::info, "provider.over_budget", "chat",
        {{"generation_id", event_.generation.text()}, {"wait_ms", wait.count()}});
    const auto end = clock::now() + std::min(wait, longest_budget_wait);
    while (!stopped() && clock::now() < end) {
        const auto left = std::chrono::ceil<milliseconds>(end - clock::now());
        co_await sleep(std::min(left, budget_wait_step));
    }
}

awaitable<generation_run::outcome> generation_run::try_model(const priced_model& model) {
    auto prompt = prompt_for(model);
    if (prompt.turns.empty()) {
        too_long_ = true;
        co_return outcome::none;
    }
    if (const auto name = provider_named(ports_.chat_providers, model.provider).lacks(prompt); !name.empty()) {
        lacking_ = name;
        co_return outcome::none;
    }
    left_out_ = prompt.left_out;
    if (co_await replay_cached_reply(model, prompt)) co_return rejected() ? outcome::rejected : outcome::completed;
    if (!ports_.health.allows(model.provider, clock::now())) co_return outcome::none;
    const auto granted = co_await ports_.budgets.take(model.provider, estimate_tokens(prompt) + prompt.max_tokens);
    if (granted.wait.count() > 0) {
        ports_.health.of(model.provider).abandoned();
        over_budget_ = std::min(over_budget_.value_or(granted.wait), granted.wait);
        co_return outcome::none;
    }
    if (!out_->empty())
        if (const auto got = co_await restart(); got != outcome::none) co_return got;
    if (stopped()) co_return outcome::stopped;  // before the call there was nothing that a stop could end
    author_ = &model;
    const auto got = co_await call_with_tools(model, std::move(prompt));
    co_await ports_.budgets.settle(granted, tokens_.in + tokens_.out);
    if (got.error == make_error_code(providers::errc::prompt_refused)) co_return outcome::prompt_refused;
    if (got.error) co_return outcome::none;
    out_->finish();
    if (rejected()) co_return outcome::rejected;
    const bool filtered = got.finish == providers::finish::filtered && out_->empty();
    co_return filtered ? outcome::filtered : outcome::completed;
}

// The prompt and the reply stay within what the message may use of the day's tokens.
providers::prompt generation_run::prompt_for(const priced_model& model) {
    const prompt_rules rules{ports_.rules.temperature, ports_.distress};
    auto out = build_prompt(claim_, model, rules);
    quota_bounds_ = false;
    if (claim_.quota_tokens < 0) return out;
    auto bounded = claim_;
    bounded.context_tokens = std::min(bounded.context_tokens, claim_.quota_tokens);
    auto fitting = build_prompt(bounded, model, rules);
    quota_bounds_ = fitting.turns.empty() ? !out.turns.empty() : fitting.max_tokens < out.max_tokens;
    fitting.cut_at = fitting.max_tokens;
    return fitting;
}

// True: the next round of tools has tokens left, of which its reply then gets at most the rest.
bool generation_run::fits_quota(providers::prompt& next) const {
    if (claim_.quota_tokens < 0) return true;
    const auto left = claim_.quota_tokens - tokens_.in - tokens_.out - estimate_tokens(next);
    next.max_tokens = std::min(next.max_tokens, left);
    next.cut_at = next.max_tokens;
    return left > 0;
}

// True: the reply so far ends before a blocked term.
bool generation_run::rejected() {
    if (!out_->rejected()) return false;
    finish_ = providers::finish::filtered;
    log::info("reply.rejected", {{"generation_id", event_.generation.text()}, {"reason", out_->found().reason}});
    return true;
}

// Streams the reply that this model gave to an equal request. It never continues another model's text.
awaitable<bool> generation_run::replay_cached_reply(const priced_model& model, const providers::prompt& prompt) {
    cache_key_.reset();
    if (!ports_.cache || !claim_.tools.empty() || !repeatable(claim_.parameters)) co_return false;
    cache_key_ = reply_key(event_.user, model.provider, prompt);
    if (!out_->text().empty()) co_return false;
    const auto start = clock::now();
    const auto reply = co_await ports_.cache->find(*cache_key_);
    if (!reply || reply->text.empty()) co_return false;
    author_ = &model;
    cached_ = true;
    tokens_ = reply->tokens;
    finish_ = providers::finish::stop;
    out_->set_model(model.model);
    out_->push({.text = reply->text, .tokens = {}, .ended = {}});  // and checked by the terms of today
    out_->finish();
    if (rejected()) {
        tokens_ = {};
        co_return true;
    }
    // Clients see it streamed like any other, unless Redis has become unavailable meanwhile.
    for (int i = 0; i < 50 && out_->shown().size() < reply->text.size() && !stopped(); ++i)
        co_await sleep(milliseconds{5});
    latency_ = since(start);
    co_return true;
}

// A companion's tools are run here, under the generation's lease, and the model goes on with their results. In the last
// round it may call none.
awaitable<call_end> generation_run::call_with_tools(const priced_model& model, providers::prompt prompt) {
    if (claim_.tools.empty()) co_return co_await call(model, std::move(prompt));
    out_->hide_calls();
    tool_runs_ = {};
    same_calls_.clear();
    tools_run_ = 0;
    providers::token_count spent;
    for (int round = 1;; ++round) {
        const auto text_before = out_->text().size();
        auto got = co_await call(model, prompt);
        tokens_ += spent;
        if (got.error || stopped() || out_->rejected() || out_->calls().empty()) co_return got;
        if (round == most_tool_rounds) {
            out_->take_calls();
            co_return got;
        }
        spent = tokens_;
        co_await run_tools(prompt, text_before);
        if (round + 1 == most_tool_rounds || tools_run_ >= most_tools_run)
            prompt.options = json::object().add_raw("tools", claim_.tools).add("tool_choice", "none").text();
        if (!fits_quota(prompt)) {
            quota_bounds_ = true;
            got.finish = finish_ = providers::finish::length;
            co_return got;
        }
    }
}

awaitable<> generation_run::run_tools(providers::prompt& prompt, std::size_t text_before) {
    providers::turn asked{providers::role::assistant, out_->text().substr(text_before)};
    asked.calls = out_->take_calls();
    prompt.turns.push_back(asked);
    for (const auto& each : asked.calls) {
        const auto start = clock::now();
        auto result = std::string("No more tools can be used in this reply.");
        if (!offers(claim_.tools, each.name))
            result = fmt::format("There is no tool {}.", each.name);
        else if (++tools_run_ <= most_tools_run)
            result = co_await run_tool(ports_.database, ports_.frames,
                {event_.user, event_.conversation, event_.generation, same_calls_[each.name + each.arguments]++,
                    [this] { return stopped(); }},
                each);
        if (ports_.terms.check(result).blocks()) result = "The result cannot be shown.";
        tool_runs_.add(json::object()
                .add("name", each.name)
                .add("arguments", each.arguments)
                .add("result", result)
                .add("latency_ms", since(start).count()));
        prompt.turns.push_back({providers::role::tool, std::move(result), {}, each.id});
    }
}

awaitable<call_end> generation_run::call(const priced_model& model, providers::prompt prompt) {
    auto& provider = provider_named(ports_.chat_providers, model.provider);
    auto& health = ports_.health.of(model.provider);
    const auto prompt_tokens = estimate_tokens(prompt);
    const auto start = clock::now();
    out_->set_model(model.model);
    const auto wants_json = asks_for_json(prompt);
    const auto text_before = out_->text().size();
    live_->costs = [this, model, prompt_tokens, text_before] {
        const providers::call_usage so_far{.own = {prompt_tokens, estimated_output(text_before)}};
        return gen::with_earlier(priced_call(model, {}, so_far, milliseconds{0}, live_->epoch), calls_);
    };
    auto span = tracing::child_of(traceparent_, "chat " + model.model, tracing::kind::client);
    auto got = co_await call_provider(live_, provider, std::move(prompt), ports_.options.limits, out_);
    // A call that was refused cost nothing.
    if (got.accepted) got.usage.own = {prompt_tokens, estimated_output(text_before)};
    tokens_ = got.usage.tokens();
    latency_ = since(start);
    finish_ = got.finish;
    // A caller that asked for JSON gets JSON, or another model's.
    if (wants_json && got.finish == providers::finish::stop && !json::document::parse(out_->text()))
        got.error = make_error_code(providers::errc::malformed);
    std::string outcome = "completed";
    if (stopped()) {
        health.abandoned();
        outcome = live_->stopped_by == stop_reason::cancelled ? "cancelled" : "abandoned";
    } else if (got.error) {
        health.failed(clock::now(), got.error, provider.retry_after());
        outcome = got.error.message();
        log::warn(
            "provider.call_failed", {{"generation_id", event_.generation.text()}, {"provider", model.provider},
                                        {"model", model.model}, {"error", outcome}, {"sent", out_->text().size()}});
    } else {
        if (out_->rejected()) outcome = "rejected";
        health.succeeded(clock::now(), got.first_token.value_or(latency_));
    }
    calls_.push_back(priced_call(model, std::move(outcome), got.usage, latency_, live_->epoch));
    providers::measure_call(calls_.back(), got.error, got.first_token);
    if (span) describe(span, calls_.back(), got);
    gen::provider_call none{.provider = model.provider, .model = model.model, .outcome = {}};
    none.epoch = live_->epoch;
    live_->costs = [sum = gen::with_earlier(std::move(none), calls_)] { return sum; };
    co_return got;
}

// Of what a call has given: the text from there on, and tool calls.
std::int64_t generation_run::estimated_output(std::size_t text_before) const {
    const std::string_view shown = out_->text();
    auto out = providers::estimate_tokens(shown.substr(std::min(text_before, shown.size())));
    out += providers::estimate_tokens(out_->withheld());
    for (const auto& call : out_->calls()) out += providers::estimate_tokens(call.arguments);
    return out;
}

// The next provider will not continue the text that clients have seen: a new epoch, which clients learn of before its
// first piece. An outage is waited for: leaving would cost one more claim and call.
awaitable<generation_run::outcome> generation_run::restart() {
    postgres::transaction transaction;
    transaction.statements.push_back(gen::restart(event_.generation, live_->epoch));
    transaction.statements.push_back(gen::calls(event_.generation, calls_));
    live_->restarting = true;
    auto rows = co_await ports_.database.run(transaction);
    while (!rows && is_waited_for(rows.error()) && !stopped()) {
        co_await sleep(pause_in_outage);
        rows = co_await ports_.database.run(transaction);
    }
    live_->restarting = false;
    if (!rows && stopped()) co_return outcome::stopped;
    if (!rows || rows->front().empty() || rows->front().is_null(0, 0)) co_return outcome::lease_lost;
    live_->epoch = rows->front().integer(0, 0);
    live_->costs = nullptr;
    author_ = nullptr;
    out_->begin(live_->epoch);
    co_return outcome::none;
}

}  // namespace airi::workers::chat
