#include "tests/support/cpp/contains.hpp"
#include "tests/workers/chat/chat_fixture.hpp"

using namespace airi;
using namespace airi::test;
using airi::workers::errc;
using events::frame_type;
using types = std::vector<frame_type>;
using list = std::vector<std::string>;

TEST_CASE("a screened message is answered: its reply is streamed, stored, published and billed once") {
    chat_fixture h;
    h.openai.calls = {says({"I am", " well", "."})};
    h.answer_whole();
    CHECK(h.row.state == "completed");
    CHECK(parameter(h.finish(), "content") == "I am well.");
    CHECK(parameter(h.finish(), "provider") == "openai");
    CHECK(parameter(h.finish(), "tokens_in") == "10");
    CHECK(parameter(h.finish(), "cost") == std::to_string(10 * 10 + 5 * 100));
    CHECK(h.calls() == list{"openai/completed/10/5/600"});
    const auto& last = h.frames.frames.back();
    CHECK(h.frames.frames.front().type == frame_type::start);
    CHECK(last.type == frame_type::complete);
    CHECK(contains(last.more, "I am well."));
    for (std::size_t i = 1; i < h.frames.frames.size(); ++i) CHECK(h.frames.frames[i].at > h.frames.frames[i - 1].at);
    CHECK(h.producer.to("chat.finished.v1").size() == 1);
    CHECK(h.producer.to("usage.recorded.v1").size() == 2);  // the message and its call
    CHECK(h.open_streams() == 0);
    CHECK(h.live.size() == 0);
}

TEST_CASE("the provider gets the instructions and the message, and a reply limit from the plan") {
    chat_fixture h;
    h.openai.calls = {says({"ok"})};
    h.answer_whole();
    REQUIRE(h.openai.asked.size() == 1);
    const auto& asked = h.openai.asked[0];
    CHECK(asked.model == "gpt");
    CHECK(asked.max_tokens == 500);
    REQUIRE(asked.turns.size() == 2);
    CHECK(asked.turns[0].text == "Kind.\n\nBe brief.");
    CHECK(asked.turns[1].text == "How are you?");
}

TEST_CASE("a reply without token counts is billed by our own estimate") {
    chat_fixture h;
    h.openai.calls = {{.pieces = {"one two three four"}}};
    h.answer_whole();
    CHECK(std::stoll(parameter(h.finish(), "tokens_in")) > 0);
    CHECK(std::stoll(parameter(h.finish(), "tokens_out")) >= 4);
}

TEST_CASE("a provider that fails before its first token is replaced without a trace for the client") {
    chat_fixture h;
    h.openai.calls = {refuses(models::errc::overloaded)};
    h.anthropic.calls = {says({"Hello"})};
    h.answer_whole();
    CHECK(h.row.epoch == 1);
    CHECK(h.frames.types() == types{frame_type::start, frame_type::delta, frame_type::complete});
    CHECK(parameter(h.finish(), "provider") == "anthropic");
    CHECK(h.calls() == list{"openai/provider overloaded/0/0/0", "anthropic/completed/10/5/1200"});
    CHECK(h.database.all("generations.restart").empty());
}

TEST_CASE("a provider that fails midway is replaced in a new epoch; only the last call is billed, both are recorded") {
    chat_fixture h;
    h.openai.calls = {breaks_after({"I thi", "nk"})};
    h.anthropic.calls = {says({"Hello"})};
    h.answer_whole();
    CHECK(h.row.epoch == 2);
    CHECK(contains(h.frames.frames.back().more, "\"Hello\""));
    const auto& frames = h.frames.frames;
    const auto restart =
        std::find_if(frames.begin(), frames.end(), [](const auto& f) { return f.type == frame_type::restart; });
    REQUIRE(restart != frames.end());
    CHECK(restart->at == events::position{2, 0});
    CHECK(frames.back().at.epoch == 2);
    CHECK(parameter(h.finish(), "content") == "Hello");
    CHECK(parameter(h.finish(), "epoch") == "2");
    CHECK(parameter(h.finish(), "cost") == "1200");
    const auto calls = h.calls();
    REQUIRE(calls.size() == 2);
    CHECK(calls[0].starts_with("openai/reply interrupted/"));
    CHECK_FALSE(calls[0].ends_with("/0"));
    CHECK(calls[1] == "anthropic/completed/10/5/1200");
    const auto usage = h.producer.to("usage.recorded.v1");
    REQUIRE(usage.size() == 3);
    CHECK(events::decode<events::usage_recorded>(usage[1].value)->provider == "openai");
    CHECK(events::decode<events::usage_recorded>(usage[2].value)->cost_nanousd == 1200);
}

TEST_CASE("an empty reply is a failure of the provider, and the next one is called") {
    chat_fixture h;
    h.openai.calls = {says({""})};
    h.anthropic.calls = {says({"Hello"})};
    h.answer_whole();
    CHECK(parameter(h.finish(), "provider") == "anthropic");
}

TEST_CASE("a generation fails after two rounds of the chain and counts as no message") {
    chat_fixture h;
    h.answer_whole();
    CHECK(h.openai.asked.size() == 2);
    CHECK(h.anthropic.asked.size() == 2);
    CHECK(h.row.state == "failed");
    CHECK(parameter(h.finish(), "error") == "provider_unavailable");
    CHECK(h.frames.types() == types{frame_type::start, frame_type::failed});
    CHECK(h.producer.to("chat.finished.v1").size() == 1);
    const auto usage = h.producer.to("usage.recorded.v1");
    REQUIRE(usage.size() == 5);
    CHECK(events::decode<events::usage_recorded>(usage[0].value)->quantity == 0);
    for (std::size_t i = 1; i < usage.size(); ++i)
        CHECK(events::decode<events::usage_recorded>(usage[i].value)->cost_nanousd == 0);
}

TEST_CASE("with every breaker open no provider is called and the generation fails") {
    chat_fixture h;
    const auto now = std::chrono::steady_clock::now();
    for (const auto* name : {"openai", "anthropic"})
        for (int i = 0; i < 3; ++i) h.health.of(name).failed(now, make_error_code(models::errc::overloaded));
    h.answer_whole();
    CHECK(h.openai.asked.empty());
    CHECK(h.anthropic.asked.empty());
    CHECK(parameter(h.finish(), "error") == "provider_unavailable");
    CHECK(h.calls().empty());
}

TEST_CASE("AIRI-29: a message that is longer than the plan's context fails without a call") {
    chat_fixture h;
    h.row.context_tokens = 8;
    h.openai.calls = {says({"no"})};
    h.answer_whole();
    CHECK(h.openai.asked.empty());
    CHECK(parameter(h.finish(), "error") == "message_too_long");
    CHECK(h.calls().empty());
}

TEST_CASE("SAAS-34: over a provider's budget the next provider answers") {
    chat_fixture h;
    h.rules.budgets["openai"] = {.requests = 1, .tokens = 0};
    h.openai.calls = {says({"one"}), says({"never"})};
    h.anthropic.calls = {says({"two"})};
    h.answer_whole();
    CHECK(parameter(h.finish(), "provider") == "openai");
    chat_fixture next;
    next.rules = h.rules;
    CHECK(next.io.run(next.budgets.take("openai", 1)).wait.count() == 0);
    next.anthropic.calls = {says({"two"})};
    next.answer_whole();
    CHECK(parameter(next.finish(), "provider") == "anthropic");
    CHECK(next.openai.asked.empty());
    CHECK(next.row.epoch == 1);
}

TEST_CASE("SAAS-34: a message waits while every provider is over its budget, and is answered then") {
    chat_fixture h;
    // 600 a minute: one more after 100 ms.
    for (const auto* name : {"openai", "anthropic"}) {
        h.rules.budgets[name] = {.requests = 600, .tokens = 0};
        while (h.io.run(h.budgets.take(name, 0)).wait.count() == 0) continue;
    }
    h.openai.calls = h.anthropic.calls = {says({"late"})};
    h.answer_whole();
    CHECK(h.row.state == "completed");
    CHECK(parameter(h.finish(), "content") == "late");
    CHECK(h.openai.asked.size() + h.anthropic.asked.size() == 1);
}

TEST_CASE("SAAS-34: a wait for a budget ends with a cancellation") {
    chat_fixture h;
    for (const auto* name : {"openai", "anthropic"}) {
        h.rules.budgets[name] = {.requests = 1, .tokens = 0};
        CHECK(h.io.run(h.budgets.take(name, 0)).wait.count() == 0);
    }
    h.openai.calls = {says({"never"})};
    const auto out = h.begin();
    REQUIRE(h.io.until([&] { return h.live.size() == 1; }));
    h.live.cancel(h.event.generation);
    REQUIRE(h.io.until([&] { return out->done; }));
    REQUIRE(*out->effects);
    REQUIRE(h.io.run(workers::apply_effects(**out->effects, {h.database, h.producer, h.frames})));
    CHECK(h.row.state == "cancelled");
    CHECK(h.openai.asked.empty());
}

TEST_CASE("SAAS-34: a budget of tokens takes what a call may cost, and gets back what it did not cost") {
    chat_fixture h;
    h.rules.budgets["openai"] = {.requests = 0, .tokens = 1'000};
    h.openai.calls = {says({"Hello"})};
    h.answer_whole();
    // 500 for the reply and some for the prompt were taken; 15 were used.
    const auto left = h.io.run(h.budgets.take("openai", 985));
    CHECK(left.wait.count() == 0);
    CHECK(h.io.run(h.budgets.take("openai", 100)).wait.count() > 0);
}

TEST_CASE("STATEX-11: the provider is asked with the product's temperature unless the caller gives one") {
    chat_fixture h;
    h.rules.temperature = 0.7;
    h.openai.calls = {says({"ok"})};
    h.answer_whole();
    CHECK(h.openai.asked.at(0).temperature == 0.7);
    chat_fixture given;
    given.rules.temperature = 0.7;
    given.row.parameters = R"({"temperature":0})";
    given.openai.calls = {says({"ok"})};
    given.answer_whole();
    CHECK(given.openai.asked.at(0).temperature == 0.0);
}

TEST_CASE("AIRI-28: the provider is asked for the model by its own id, and the bill has the documented name") {
    chat_fixture h;
    auto prices = *h.prices;
    prices[0].api_id = "gpt-2026";
    h.prices = std::make_shared<std::vector<workers::providers::priced_model>>(prices);
    h.openai.calls = {says({"ok"})};
    h.answer_whole();
    CHECK(h.openai.asked.at(0).model == "gpt-2026");
    CHECK(parameter(h.finish(), "model") == "gpt");
}

TEST_CASE("a refused prompt is not sent to another provider") {
    chat_fixture h;
    h.openai.calls = {refuses(models::errc::prompt_refused)};
    h.anthropic.calls = {says({"Hello"})};
    h.answer_whole();
    CHECK(h.anthropic.asked.empty());
    CHECK(parameter(h.finish(), "error") == "prompt_refused");
    CHECK(h.frames.frames.back().type == frame_type::failed);
}

TEST_CASE("instructions that have a blocked term by now reach no provider") {
    for (const auto* term : {"brief", "kind", "gardener"}) {
        CAPTURE(term);
        chat_fixture h;
        h.row.summary = "They are a gardener.";
        h.terms.load(
            json::array().add(json::object().add("term", term).add("category", "spam").add("action", "block")).text());
        h.openai.calls = {says({"Hello"})};
        h.answer_whole();
        CHECK(h.openai.asked.empty());
        CHECK(parameter(h.finish(), "error") == "prompt_refused");
        CHECK(h.row.state == "failed");
    }
}

TEST_CASE("a reply that was filtered entirely fails; one that was cut by the filter is stored") {
    chat_fixture filtered;
    filtered.openai.calls = {{.pieces = {""}, .ended = models::finish::filtered}};
    filtered.anthropic.calls = {says({"Hello"})};
    filtered.answer_whole();
    CHECK(parameter(filtered.finish(), "error") == "content_filtered");
    CHECK(filtered.anthropic.asked.empty());
    chat_fixture cut;
    cut.openai.calls = {{.pieces = {"Once upon"}, .ended = models::finish::filtered}};
    cut.answer_whole();
    CHECK(cut.row.state == "completed");
    CHECK(parameter(cut.finish(), "content") == "Once upon");
}

TEST_CASE("only providers that the plan allows are called, the requested model first") {
    chat_fixture h;
    h.row.providers = R"(["anthropic"])";
    h.openai.calls = {says({"no"})};
    h.anthropic.calls = {says({"yes"})};
    h.answer_whole();
    CHECK(h.openai.asked.empty());
    CHECK(parameter(h.finish(), "content") == "yes");
    chat_fixture asked;
    asked.row.model = "claude";
    asked.openai.calls = {says({"no"})};
    asked.anthropic.calls = {says({"yes"})};
    asked.answer_whole();
    CHECK(parameter(asked.finish(), "model") == "claude");
}

TEST_CASE("an unknown generation is refused; one that another worker holds is an outage") {
    chat_fixture unknown;
    unknown.row.unknown = true;
    CHECK(unknown.answer().error() == errc::unknown_generation);
    chat_fixture leased;
    leased.row.leased = true;
    CHECK(leased.answer().error() == errc::leased);
    CHECK(leased.openai.asked.empty());
    CHECK(leased.frames.frames.empty());
    chat_fixture away;
    away.database.use.fail_next(1, postgres::errc::unavailable);
    CHECK(away.answer().error() == failure::outage);
}

TEST_CASE("a generation that has ended has the same effects again without a call") {
    chat_fixture h;
    h.openai.calls = {says({"Hello"})};
    h.answer_whole();
    const auto first = h.producer.sent;
    const auto frames = h.frames.frames.size();
    h.answer_whole();
    CHECK(h.openai.asked.size() == 1);
    CHECK(h.database.all("generations.finish").size() == 1);
    REQUIRE(h.producer.sent.size() == 2 * first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
        const auto& again = h.producer.sent[first.size() + i];
        CHECK(again.value == first[i].value);
        CHECK(header(again, "ce_id") == header(first[i], "ce_id"));
    }
    CHECK(h.frames.frames.size() == frames);
}

TEST_CASE("a generation claimed too often fails") {
    chat_fixture h;
    h.row.attempts = h.row.epoch = 5;
    h.openai.calls = {says({"Hello"})};
    h.answer_whole();
    CHECK(h.openai.asked.empty());
    CHECK(parameter(h.finish(), "error") == "too_many_attempts");
    CHECK(h.frames.frames.back().type == frame_type::failed);
}

TEST_CASE("the chat worker keeps its topic and group") {
    chat_fixture h;
    const auto worker = workers::chat::declare(h.ports);
    CHECK(worker.name == "chat");
    CHECK(worker.topic == "chat.screened.v1");
    CHECK(worker.retry.keep_order);
    const auto last = worker.give_up(workers::record{h.message});
    REQUIRE(last.statements.size() == 1);
    CHECK(last.statements[0].statement->name == "generations.abandon");
    const auto end = R"({"state":"failed","epoch":3,"checkpoint_offset":0,"error_code":"dead_letter",)"
                     R"("finished_at":"2026-01-01T00:00:00Z","message":null})";
    const auto then = last.after_from_rows({cell(end)});
    CHECK(then.frames.at(0).type == frame_type::failed);
    CHECK(then.events.at(0).topic == "chat.finished.v1");
    CHECK(last.after_from_rows({cell("null")}).events.empty());
    CHECK(last.after_from_rows({cell(std::nullopt)}).events.empty());
    const kafka::message rubbish{"chat.screened.v1", 0, 0, some_time, "k", "{", {}};
    CHECK(worker.give_up(workers::record{rubbish}).statements.empty());
}
