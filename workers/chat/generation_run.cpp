#include "workers/chat/generation_run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "workers/chat/prompt.hpp"
#include "workers/providers/estimate.hpp"
#include "workers/runtime/delivery.hpp"
#include "workers/runtime/errors.hpp"
#include "workers/runtime/generation_end.hpp"

namespace airi::workers::chat {
namespace {

namespace gen = sql::generations;
using providers::priced_model;
using clock = std::chrono::steady_clock;

constexpr milliseconds pause_between_rounds{300};
constexpr milliseconds pause_in_outage{200};
constexpr milliseconds longest_budget_wait{5'000}, budget_wait_step{100};

milliseconds since(clock::time_point start) { return std::chrono::floor<milliseconds>(clock::now() - start); }

}  // namespace

effects ended_by(postgres::bound statement, const events::chat_screened& event, std::string traceparent) {
    effects out;
    out.statements.push_back(std::move(statement));
    out.after_from_rows = [event, traceparent = std::move(traceparent)](const std::vector<postgres::rows>& rows) {
        const auto end = rows.front().empty() ? std::nullopt : gen::read_end(rows.front().text(0, 0));
        return end ? after_end(event, *end, traceparent, source) : after_commit{};
    };
    return out;
}

generation_run::generation_run(events::chat_screened event, gen::claimed claim, std::string traceparent,
    const chat::ports& ports, airi::executor executor)
    : event_(std::move(event)),
      claim_(std::move(claim)),
      traceparent_(std::move(traceparent)),
      ports_(ports),
      live_(std::make_shared<live_generation>(executor)),
      out_(std::make_shared<deltas>(ports.frames,
          events::generation_ids{event_.conversation, event_.generation, event_.message, event_.reply}, executor,
          [&live = ports.live] { return live.size(); })),
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
            if (cache_key_ && !cached_) co_await ports_.cache->store(*cache_key_, {out_->text(), tokens_});
            co_return co_await end_with_text("completed");
        case outcome::filtered: co_return co_await end_without_text("failed", "content_filtered");
        case outcome::prompt_refused: co_return co_await end_without_text("failed", "prompt_refused");
        default: {
            const bool too_long = too_long_ && calls_.empty();
            co_return co_await end_without_text("failed", too_long ? "message_too_long" : "provider_unavailable");
        }
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
    auto prompt = build_prompt(claim_, model, {ports_.rules.temperature, ports_.distress});
    if (prompt.turns.empty()) {
        too_long_ = true;
        co_return outcome::none;
    }
    if (co_await replay_cached_reply(model, prompt)) co_return outcome::completed;
    if (!ports_.health.allows(model.provider, clock::now())) co_return outcome::none;
    const auto granted = co_await ports_.budgets.take(model.provider, estimate_tokens(prompt) + prompt.max_tokens);
    if (granted.wait.count() > 0) {
        ports_.health.of(model.provider).abandoned();
        over_budget_ = std::min(over_budget_.value_or(granted.wait), granted.wait);
        co_return outcome::none;
    }
    if (!out_->text().empty())
        if (const auto got = co_await restart(); got != outcome::none) co_return got;
    if (stopped()) co_return outcome::stopped;  // before the call there was nothing that a stop could end
    author_ = &model;
    const auto got = co_await call(model, std::move(prompt));
    co_await ports_.budgets.settle(granted, tokens_.in + tokens_.out);
    if (got.error == make_error_code(providers::errc::prompt_refused)) co_return outcome::prompt_refused;
    if (got.error) co_return outcome::none;
    const bool filtered = got.finish == providers::finish::filtered && out_->text().empty();
    co_return filtered ? outcome::filtered : outcome::completed;
}

// Streams the reply that this model gave to an equal request. It never continues another model's text.
awaitable<bool> generation_run::replay_cached_reply(const priced_model& model, const providers::prompt& prompt) {
    cache_key_.reset();
    if (!ports_.cache || !repeatable(claim_.parameters)) co_return false;
    cache_key_ = reply_key(event_.user, model.provider, prompt);
    if (!out_->text().empty()) co_return false;
    const auto start = clock::now();
    const auto reply = co_await ports_.cache->find(*cache_key_);
    if (!reply || reply->text.empty()) co_return false;
    author_ = &model;
    cached_ = true;
    tokens_ = reply->tokens;
    out_->push(reply->text);
    // Clients see it streamed like any other, unless Redis has become unavailable meanwhile.
    for (int i = 0; i < 50 && out_->shown().size() < reply->text.size() && !stopped(); ++i)
        co_await sleep(milliseconds{5});
    latency_ = since(start);
    co_return true;
}

awaitable<call_end> generation_run::call(const priced_model& model, providers::prompt prompt) {
    auto& provider = provider_named(ports_.chat_providers, model.provider);
    auto& health = ports_.health.of(model.provider);
    const auto prompt_tokens = estimate_tokens(prompt);
    const auto start = clock::now();
    live_->call_in_progress = [out = out_, model, prompt_tokens] {
        const providers::token_count so_far{prompt_tokens, providers::estimate_tokens(out->text())};
        return gen::provider_call{0, model.provider, model.model, {}, so_far.in, so_far.out, cost(model, so_far), 0};
    };
    auto got = co_await call_provider(live_, provider, std::move(prompt), ports_.options.limits, out_);
    live_->call_in_progress = nullptr;
    tokens_ = got.tokens.value_or(providers::token_count{prompt_tokens, providers::estimate_tokens(out_->text())});
    latency_ = since(start);
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
        health.succeeded(clock::now(), got.first_token.value_or(latency_));
    }
    // A call refused before any token was made cost nothing.
    if (got.error && !got.tokens && out_->text().empty()) tokens_ = {};
    calls_.push_back({live_->epoch, model.provider, model.model, outcome, tokens_.in, tokens_.out, cost(model, tokens_),
        latency_.count()});
    co_return got;
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
    author_ = nullptr;
    out_->begin(live_->epoch);
    co_return outcome::none;
}

awaitable<result<effects>> generation_run::end_stopped() {
    if (live_->stopped_by != stop_reason::cancelled) return leave();
    return author_ ? end_with_text("cancelled") : end_without_text("cancelled");
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

effects generation_run::finish(gen::ending end) const {
    end.offset = out_->next_offset();
    end.calls = calls_;
    if (!claim_.history.empty()) end.question_bytes = claim_.history.front().text.size();
    return ended_by(gen::finish(event_.generation, live_->epoch, end), event_, traceparent_);
}

}  // namespace airi::workers::chat
