// The chat worker's handler with fakes around it: a generation's row that behaves as Postgres' functions do, providers
// that say what the test tells them to, and the channel to the clients.
#pragma once

#include "events/usage.hpp"
#include "platform/base/json.hpp"
#include "tests/support/cpp/fake_channel.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/fake_producer.hpp"
#include "tests/support/cpp/fake_provider.hpp"
#include "tests/support/cpp/fake_redis.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "workers/chat/chat.hpp"
#include "workers/runtime/apply_effects.hpp"
#include "workers/runtime/errors.hpp"

namespace airi::test {

/// The row of `generations` and what its functions do with it (sql/functions/generations.sql).
struct generation_row {
    std::string state = "running";
    std::int64_t epoch = 0, attempts = 0;
    std::int64_t context_tokens = 8000;
    bool leased = false, cancelled = false, lost = false, unknown = false;
    std::string providers = "[]", model, parameters = "{}", summary;
    std::string finished;  ///< what generation_end says once it has ended
    std::string details;   ///< of the end
    std::string tools = "null";

    postgres::rows answer(const postgres::bound& asked) {
        const auto& name = asked.statement->name;
        if (name == "generations.claim") return cell(claim());
        if (name == "generations.heartbeat") return cell(lost ? "lost" : cancelled ? "cancel" : "ok");
        if (name == "generations.restart") return cell(lost ? std::nullopt : std::optional(std::to_string(++epoch)));
        if (name == "generations.finish") return cell(finish(asked));
        return cell(std::nullopt);
    }

private:
    std::string claim() {
        if (unknown) return R"({"state":"unknown"})";
        if (leased) return R"({"state":"leased","wait_ms":100})";
        if (!finished.empty()) return finished;
        ++epoch;
        ++attempts;
        return json::object()
            .add("state", "mine")
            .add("epoch", epoch)
            .add("attempts", attempts)
            .add("cancelled", cancelled)
            .add("model", model)
            .add_raw("parameters", parameters)
            .add("rank", 1)
            .add("context_tokens", context_tokens)
            .add("reply_tokens", 500)
            .add_raw("providers", providers)
            .add("system_prompt", "Be brief.")
            .add("personality", "Kind.")
            .add("summary", summary)
            .add_raw("tools", tools)
            .add_raw("history", R"([{"role":"user","content":"How are you?"}])")
            .text();
    }
    std::string finish(const postgres::bound& with) {
        const auto text = [&](std::string_view name) { return parameter(with, name); };
        const auto or_null = [&](std::string_view name) {
            return text(name) == "NULL" ? "null" : json::quoted(text(name));
        };
        const bool cached = text("cached") == "true";
        state = text("state");
        const auto metadata = json::object().add("cached", cached).text();
        details = text("details");
        const auto message = json::object()
                                 .add("id", screened().reply.text())
                                 .add("content", text("content"))
                                 .add_raw("metadata", metadata)
                                 .text();
        finished = json::object()
                       .add("state", state)
                       .add("epoch", epoch)
                       .add_raw("checkpoint_offset", text("offset"))
                       .add_raw("provider", or_null("provider"))
                       .add_raw("model", or_null("model"))
                       .add_raw("tokens_in", text("tokens_in"))
                       .add_raw("tokens_out", text("tokens_out"))
                       .add_raw("cost_nanousd", cached ? "0" : text("cost"))
                       .add_raw("latency_ms", text("latency"))
                       .add_raw("error_code", cached ? "null" : or_null("error"))
                       .add("finished_at", to_text(some_time))
                       .add_raw("message", state == "failed" ? "null" : message)
                       .add_raw("calls", lines_of(text("calls")))
                       .text();
        return finished;
    }
    static std::string lines_of(const std::string& calls) {
        json::array out;
        const auto parsed = json::document::parse(calls);
        parsed->root().each([&](json::value call) {
            out.add(json::object()
                    .add("id", event_id::of(uuid{}, call.text()).text())
                    .add_raw("provider", call["provider"].text())
                    .add_raw("model", call["model"].text())
                    .add_raw("outcome", call["outcome"].text())
                    .add_raw("tokens_in", call["tokens_in"].text())
                    .add_raw("tokens_out", call["tokens_out"].text())
                    .add_raw("cost_nanousd", call["cost_nanousd"].text())
                    .add("at", to_text(some_time)));
        });
        return out.text();
    }
};

struct chat_fixture {
    loop io;
    fake_database database;
    fake_producer producer;
    fake_channel frames;
    generation_row row;
    std::vector<std::unique_ptr<models::chat_provider>> providers;
    fake_provider &openai, &anthropic;
    models::health_table health;
    std::shared_ptr<const std::vector<workers::providers::priced_model>> prices =
        std::make_shared<std::vector<workers::providers::priced_model>>(std::vector<workers::providers::priced_model>{
            {"openai", "gpt", 0, {10'000'000, 100'000'000}, 8000, 500, {}, 1},
            {"anthropic", "claude", 0, {20'000'000, 200'000'000}, 8000, 500, {}, 2}});
    models::provider_rules rules;
    fake_redis redis;  // refuses scripts: budgets are local
    fake_redis::fake_client redis_client{redis};
    models::provider_budgets budgets{redis_client, rules, health};
    workers::chat::live_generations live;
    safety::term_screen terms;
    workers::chat::ports ports;
    events::chat_screened event = screened();
    kafka::message message{"chat.screened.v1", 0, 0, some_time, event.conversation.text(), events::encode(event), {}};

    chat_fixture()
        : openai(add("openai")),
          anthropic(add("anthropic")),
          ports{database, frames, providers, health, prices, rules, budgets, live, "chat-1#1",
              {.times = {.heartbeat = milliseconds{5}}, .limits = {}}, terms} {
        database.answer = [this](const postgres::bound& asked) { return result<postgres::rows>(row.answer(asked)); };
    }

    struct outcome {
        std::optional<result<workers::effects>> effects;
        bool done = false;
    };
    /// Begins answering; goes on while the loop runs.
    std::shared_ptr<outcome> begin() {
        auto out = std::make_shared<outcome>();
        io.start(run(this, out), out->done);
        return out;
    }
    result<workers::effects> answer() {
        auto out = begin();
        REQUIRE(io.until([&] { return out->done; }));
        io.settle();
        return std::move(*out->effects);
    }
    /// Answers and carries the effects out, as the runner does.
    void answer_whole() {
        const auto wanted = answer();
        REQUIRE(wanted);
        const auto done = io.run(workers::apply_effects(*wanted, {database, producer, frames}));
        REQUIRE(done);
    }
    void shown(std::string_view text) {
        REQUIRE(io.until([&] { return frames.shown() == text; }));
    }

    /// The one statement that ends the generation.
    postgres::bound finish() const {
        const auto all = database.all("generations.finish");
        REQUIRE(all.size() == 1);
        return all.front();
    }
    /// The provider calls that were recorded with the end: provider/outcome/tokens_in/tokens_out/cost.
    std::vector<std::string> calls() const {
        const auto parsed = json::document::parse(parameter(finish(), "calls"));
        std::vector<std::string> out;
        parsed->root().each([&](json::value c) {
            std::string line(c["provider"].string().value_or("?"));
            line += "/" + std::string(c["outcome"].string().value_or("?"));
            for (const auto* name : {"tokens_in", "tokens_out", "cost_nanousd"})
                line += "/" + std::to_string(c[name].integer().value_or(-1));
            out.push_back(std::move(line));
        });
        return out;
    }
    int open_streams() const { return openai.open_streams + anthropic.open_streams; }

private:
    fake_provider& add(std::string name) {
        auto made = std::make_unique<fake_provider>(std::move(name));
        auto& out = *made;
        providers.push_back(std::move(made));
        return out;
    }
    static awaitable<> run(chat_fixture* h, std::shared_ptr<outcome> into) {
        into->effects = co_await workers::chat::answer(h->event, workers::record{h->message}, h->ports);
    }
};

}  // namespace airi::test
