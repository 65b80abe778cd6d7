#include "workers/chat/chat.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "platform/base/log.hpp"
#include "workers/chat/deltas.hpp"
#include "workers/chat/prompt.hpp"
#include "workers/providers/estimate.hpp"
#include "workers/runtime/consumer_groups.hpp"
#include "workers/runtime/errors.hpp"

namespace airi::workers::chat {
namespace {

namespace asio = boost::asio;
namespace gen = sql::generations;
using providers::priced_model;
using clock = std::chrono::steady_clock;

milliseconds since(clock::time_point start) { return std::chrono::floor<milliseconds>(clock::now() - start); }

// What one provider call brought.
struct call_end {
    error_code why;  // success: the reply is whole
    std::optional<providers::token_count> tokens;
    std::optional<providers::finish> finish;
    std::optional<milliseconds> first_token;
};

awaitable<call_end> read_reply(providers::chat_provider& from, providers::prompt with, providers::time_limits limits,
    std::shared_ptr<deltas> out) {
    call_end end;
    const auto start = clock::now();
    auto stream = co_await from.start(std::move(with), limits);
    if (!stream) {
        end.why = stream.error();
        co_return end;
    }
    while (true) {
        auto piece = co_await (*stream)->next();
        if (!piece) {
            end.why = piece.error();
            co_return end;
        }
        if (piece->tokens) end.tokens = piece->tokens;
        if (!piece->text.empty()) {
            if (!end.first_token) end.first_token = since(start);
            out->push(piece->text);
        }
        if (piece->ended) {
            end.finish = piece->ended;
            if (out->text().empty() && *piece->ended != providers::finish::filtered)
                end.why = make_error_code(providers::errc::interrupted);
            co_return end;
        }
    }
}

// read_reply as a child that live_generation::stop can end in the middle of a wait.
awaitable<call_end> stoppable(std::shared_ptr<live_generation> live, awaitable<call_end> child) {
    auto on = co_await asio::this_coro::executor;
    auto [thrown, end] = co_await asio::co_spawn(
        on, std::move(child), asio::bind_cancellation_slot(live->stop.slot(), asio::as_tuple(asio::use_awaitable)));
    if (thrown) end.why = make_error_code(providers::errc::interrupted);
    co_return end;
}

// Keeps the lease while the generation lives, and brings the user's wish to stop.
awaitable<> keep_lease(
    generation_id id, std::shared_ptr<live_generation> live, std::shared_ptr<deltas> out, ports use) {
    while (!live->done) {
        live->heartbeat.expires_after(use.options.heartbeat);
        co_await live->heartbeat.async_wait(asio::as_tuple(asio::use_awaitable));
        if (live->done) co_return;
        postgres::transaction beat;
        beat.statements.push_back(gen::heartbeat(id, live->epoch, use.options.lease, out->shown(), out->shown_offset(),
            live->under_way ? live->under_way() : gen::provider_call{}));
        const auto rows = co_await use.database.run(std::move(beat));
        if (!rows || live->done || live->restarting) continue;
        const auto word = rows->front().empty() ? std::string_view("lost") : rows->front().text(0, 0);
        if (word == "lost" || out->superseded()) live->end(stop_reason::lease_lost);
        if (word == "cancel") live->end(stop_reason::cancelled);
    }
}

effects ending(const events::chat_screened& in, std::int64_t epoch, const gen::ending& end, std::string traceparent) {
    effects out;
    out.statements.push_back(gen::finish(in.generation, epoch, end));
    out.after_from_rows = [in, traceparent = std::move(traceparent)](const std::vector<postgres::rows>& rows) {
        const auto row = rows.front().empty() ? std::nullopt : gen::read_end(rows.front().text(0, 0));
        return row ? consequences_of(in, *row, traceparent) : after_commit{};
    };
    return out;
}

// One generation being answered: tries the chain of models until one gives a whole reply.
class generation_run {
public:
    generation_run(events::chat_screened in, gen::claimed claim, std::string traceparent, const ports& use, executor on)
        : in_(std::move(in)),
          claim_(std::move(claim)),
          traceparent_(std::move(traceparent)),
          use_(use),
          live_(std::make_shared<live_generation>(on)),
          out_(std::make_shared<deltas>(
              use.frames, events::generation_ids{in_.conversation, in_.generation, in_.message, in_.reply}, on)),
          on_(on) {
        live_->epoch = claim_.epoch;
        use_.live.add(in_.generation, live_);
    }
    ~generation_run() {
        live_->done = true;
        live_->heartbeat.cancel();
        use_.live.remove(in_.generation);
    }
    generation_run(const generation_run&) = delete;

    awaitable<result<effects>> run() {
        if (claim_.cancelled) co_return co_await ended_at_once("cancelled");
        if (claim_.attempts > use_.options.max_attempts)
            co_return co_await ended_at_once("failed", "too_many_attempts");
        asio::co_spawn(on_, keep_lease(in_.generation, live_, out_, use_), asio::detached);
        out_->begin(claim_.epoch);
        const auto prices = use_.prices;
        const auto models = chain(*prices, allowed(use_.models_of, claim_.providers), claim_.rank, claim_.model);
        std::string failure = "provider_unavailable";
        const priced_model* last = nullptr;
        for (int round = 0; round < use_.options.rounds; ++round) {
            for (const auto& model : models) {
                if (co_await kept_reply_of(model)) {
                    if (live_->why != stop_reason::none) co_return co_await stopped(&model);
                    co_return co_await settled("completed", model);
                }
                auto& health = use_.health.of(model.provider);
                if (!health.allows(clock::now())) continue;
                if (!out_->text().empty()) {
                    if (!co_await restart()) co_return make_error_code(errc::leased);
                    // A stop that came meanwhile found no call to end.
                    if (live_->why != stop_reason::none) co_return co_await stopped(nullptr);
                }
                last = &model;
                const auto got = co_await call(model, health);
                if (live_->why != stop_reason::none) co_return co_await stopped(last);
                if (!got.why && got.finish == providers::finish::filtered && out_->text().empty()) {
                    failure = "content_filtered";
                    break;
                }
                if (!got.why && key_) co_await use_.kept->keep(*key_, {out_->text(), tokens_});
                if (!got.why) co_return co_await settled("completed", model);
                if (got.why == make_error_code(providers::errc::prompt_refused)) {
                    co_await out_->settle();
                    co_return end("failed", "prompt_refused");
                }
            }
            if (failure != "provider_unavailable") break;
            if (round + 1 < use_.options.rounds) co_await pause(milliseconds{300});
            if (live_->why != stop_reason::none) co_return co_await stopped(last);
        }
        co_await out_->settle();
        co_return end("failed", failure);
    }

private:
    // Says the reply that this model gave to an equal request, if it is still kept. What another model began is not
    // gone on with.
    awaitable<bool> kept_reply_of(const priced_model& model) {
        key_.reset();
        if (!use_.kept || !repeatable(claim_.parameters)) co_return false;
        key_ = reply_key(in_.user, model.provider, build_prompt(claim_, model));
        if (!out_->text().empty()) co_return false;
        const auto start = clock::now();
        const auto kept = co_await use_.kept->find(*key_);
        if (!kept || kept->text.empty()) co_return false;
        cached_ = true;
        tokens_ = kept->tokens;
        out_->push(kept->text);
        // It streams like any other; nobody waits for a Redis that has gone meanwhile.
        for (int i = 0; i < 50 && out_->shown().size() < kept->text.size() && live_->why == stop_reason::none; ++i)
            co_await pause(milliseconds{5});
        latency_ = since(start);
        co_return true;
    }

    awaitable<call_end> call(const priced_model& model, providers::health& health) {
        const auto from = std::find_if(
            use_.models_of.begin(), use_.models_of.end(), [&](const auto& p) { return p->name() == model.provider; });
        auto prompt = build_prompt(claim_, model);
        const auto prompt_tokens = estimate_tokens(prompt);
        const auto start = clock::now();
        live_->under_way = [out = out_, model, prompt_tokens] {
            const providers::token_count so_far{prompt_tokens, providers::estimate_tokens(out->text())};
            return gen::provider_call{
                0, model.provider, model.model, {}, so_far.in, so_far.out, cost(model, so_far), 0};
        };
        auto got = co_await stoppable(live_, read_reply(**from, std::move(prompt), use_.options.limits, out_));
        live_->under_way = nullptr;
        tokens_ = got.tokens.value_or(providers::token_count{prompt_tokens, providers::estimate_tokens(out_->text())});
        latency_ = since(start);
        std::string outcome = "completed";
        if (live_->why != stop_reason::none) {
            health.abandoned();
            outcome = live_->why == stop_reason::cancelled ? "cancelled" : "abandoned";
        } else if (got.why) {
            health.failed(clock::now(), got.why, (*from)->retry_after());
            outcome = got.why.message();
            log::warn(
                "chat.provider_failed", {{"generation_id", in_.generation.text()}, {"provider", model.provider},
                                            {"model", model.model}, {"error", outcome}, {"sent", out_->text().size()}});
        } else {
            health.succeeded(clock::now(), got.first_token.value_or(latency_));
        }
        // A call refused before any token was made cost nothing.
        if (got.why && !got.tokens && out_->text().empty()) tokens_ = {};
        calls_.push_back({live_->epoch, model.provider, model.model, outcome, tokens_.in, tokens_.out,
            cost(model, tokens_), latency_.count()});
        co_return got;
    }

    // The clients have seen text that the next provider will not continue: a new epoch, told before its first word.
    awaitable<bool> restart() {
        postgres::transaction step;
        step.statements.push_back(gen::restart(in_.generation, live_->epoch));
        step.statements.push_back(gen::calls(in_.generation, calls_));
        live_->restarting = true;
        const auto rows = co_await use_.database.run(std::move(step));
        live_->restarting = false;
        if (!rows || rows->front().empty() || rows->front().is_null(0, 0)) co_return false;
        live_->epoch = std::stoll(std::string(rows->front().text(0, 0)));
        out_->begin(live_->epoch);
        co_return true;
    }

    // `last` made the text there is; none when there is none.
    awaitable<result<effects>> stopped(const priced_model* last) {
        if (live_->why != stop_reason::cancelled) co_return co_await given_up();
        if (last) co_return co_await settled("cancelled", *last);
        co_await out_->settle();
        co_return end("cancelled");
    }

    awaitable<result<effects>> settled(std::string_view state, const priced_model& model) {
        co_await out_->settle();
        gen::ending with{.state = state,
            .content = out_->text(),
            .error_code = {},
            .provider = model.provider,
            .model = model.model};
        with.tokens_in = tokens_.in;
        with.tokens_out = tokens_.out;
        with.cost_nanousd = cached_ ? 0 : cost(model, tokens_);
        with.cached = cached_ && state == "completed";
        with.latency_ms = latency_.count();
        with.offset = out_->next_offset();
        with.calls = calls_;
        co_return ending(in_, live_->epoch, with, traceparent_);
    }

    result<effects> end(std::string_view state, std::string error = {}) {
        gen::ending with{.state = state, .content = {}, .error_code = std::move(error), .provider = {}, .model = {}};
        with.offset = out_->next_offset();
        with.calls = calls_;
        return ending(in_, live_->epoch, with, traceparent_);
    }

    // Before anything was asked of a provider; clients of an earlier attempt learn that its text is void.
    awaitable<result<effects>> ended_at_once(std::string_view state, std::string error = {}) {
        if (claim_.epoch > 1) {
            out_->begin(claim_.epoch);
            co_await out_->settle();
        }
        co_return end(state, std::move(error));
    }

    awaitable<result<effects>> given_up() {
        postgres::transaction back;
        if (!calls_.empty()) back.statements.push_back(gen::calls(in_.generation, calls_));
        if (live_->why == stop_reason::draining) back.statements.push_back(gen::release(in_.generation, live_->epoch));
        if (!back.statements.empty()) co_await use_.database.run(std::move(back));
        co_return make_error_code(errc::leased);
    }

    awaitable<> pause(milliseconds time) {
        asio::steady_timer timer(on_, time);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }

    events::chat_screened in_;
    gen::claimed claim_;
    std::string traceparent_;
    const ports& use_;
    std::shared_ptr<live_generation> live_;
    std::shared_ptr<deltas> out_;
    executor on_;
    std::vector<gen::provider_call> calls_;
    providers::token_count tokens_;
    milliseconds latency_{0};
    std::optional<std::string> key_;  // under which the reply of the model being asked is kept
    bool cached_ = false;
};

}  // namespace

awaitable<result<effects>> answer(events::chat_screened in, record from, const ports& use) {
    postgres::transaction ask;
    ask.statements.push_back(gen::claim(in.generation, use.owner, use.options.lease));
    const auto rows = co_await use.database.run(std::move(ask));
    if (!rows) co_return rows.error();
    auto claim = rows->front().empty() ? std::nullopt : gen::read_claim(rows->front().text(0, 0));
    if (!claim || claim->is == gen::claimed::kind::unknown) co_return make_error_code(errc::unknown_generation);
    if (claim->is == gen::claimed::kind::leased) co_return make_error_code(errc::leased);
    if (claim->is == gen::claimed::kind::ended) {
        effects out;
        out.after = consequences_of(in, claim->ended, from.traceparent());
        co_return out;
    }
    generation_run one(in, std::move(*claim), std::string(from.traceparent()), use, co_await asio::this_coro::executor);
    co_return co_await one.run();
}

worker declare(const ports& use) {
    struct handler {
        const ports& with;
        awaitable<result<effects>> operator()(events::chat_screened in, record from) const {
            return answer(std::move(in), from, with);
        }
    };
    worker out;
    out.name = "chat";
    out.group = consumer_groups::chat;
    out.topic = std::string(events::chat_screened::topic);
    out.max_in_flight = 1'000;
    out.handle = on_event<events::chat_screened>(handler{use});
    out.give_up = [](record from) {
        effects last;
        const auto event = events::decode<events::chat_screened>(from.from.value);
        if (!event) return last;
        last.statements.push_back(gen::abandon(event->generation, "dead_letter"));
        last.after_from_rows = [in = *event, trace = std::string(from.traceparent())](
                                   const std::vector<postgres::rows>& rows) {
            const auto row = rows.front().empty() ? std::nullopt : gen::read_end(rows.front().text(0, 0));
            return row ? consequences_of(in, *row, trace) : after_commit{};
        };
        return last;
    };
    return out;
}

}  // namespace airi::workers::chat
