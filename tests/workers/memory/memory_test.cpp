#include "workers/memory/memory.hpp"

#include "events/usage.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_channel.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/fake_producer.hpp"
#include "tests/support/cpp/fake_provider.hpp"
#include "tests/support/cpp/fake_redis.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "workers/runtime/apply_effects.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;
using list = std::vector<std::string>;

namespace {

// Dear and cheap; what is due, and what came of it, as Postgres' functions would say it
// (sql/functions/memory.sql).
struct memory_fixture {
    loop io;
    fake_database database;
    fake_producer producer;
    fake_channel frames;
    std::vector<std::unique_ptr<models::chat_provider>> providers;
    fake_provider &dear, &cheap;
    models::health_table health;
    models::model_list prices = std::make_shared<std::vector<models::priced_model>>(
        std::vector<models::priced_model>{{"dear", "big", 0, {100'000'000, 1'000'000'000}, 8000, 500},
            {"cheap", "small", 0, {1'000'000, 10'000'000}, 8000, 500}});
    models::provider_rules rules;
    fake_redis redis;  // refuses scripts: budgets are local
    fake_redis::fake_client redis_client{redis};
    models::provider_budgets budgets{redis_client, rules, health};
    memory::ports ports{database, providers, health, prices, rules, budgets};
    events::chat_finished event = finished_chat();
    std::optional<std::string> due =
        R"({"rank":0,"providers":[],"title":{"question":"Where is my goat?","reply":"At sea."},"turns":null,)"
        R"("summary":null,"until":null,"titled":false,"folded":false})";
    std::string came =
        R"({"conversation":{"id":"c1","title":"A goat at sea"},"calls":[)"
        R"({"id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","provider":"cheap","model":"small",)"
        R"("outcome":"completed","tokens_in":10,"tokens_out":5,"cost_nanousd":60,"at":"2026-11-25T10:00:00Z"}]})";

    memory_fixture() : dear(add("dear")), cheap(add("cheap")) {
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            return cell(asked.statement->name == "memory.due" ? due : std::optional(came));
        };
    }
    void update_memory() {
        const kafka::message message{
            "chat.finished.v1", 0, 0, some_time, event.conversation.text(), events::encode(event), {}};
        const auto wanted = io.run(memory::declare(ports).handle(record{message}));
        REQUIRE(wanted);
        REQUIRE(io.run(apply_effects(*wanted, {database, producer, frames})));
    }
    postgres::bound only(std::string_view name) const {
        const auto all = database.all(name);
        REQUIRE(all.size() == 1);
        return all.front();
    }

private:
    fake_provider& add(std::string name) {
        providers.push_back(std::make_unique<fake_provider>(std::move(name)));
        return static_cast<fake_provider&>(*providers.back());
    }
};

std::string due_turns(int count) {
    std::string turns;
    for (int i = 0; i < count; ++i)
        turns += std::string(i ? "," : "") + R"({"role":")" + (i % 2 ? "assistant" : "user") + R"(","content":")" +
                 std::string(8000, 'x') + R"(","created_at":"2026-11-25T10:00:)" + std::to_string(10 + i) + R"(Z"})";
    return R"({"rank":0,"providers":[],"title":null,"turns":[)" + turns +
           R"(],"summary":"Old.","until":"2026-11-25T09:00:00Z","titled":false,"folded":false})";
}

}  // namespace

TEST_CASE("SAAS-34: a model whose provider is over its budget makes no title, and the next one does") {
    memory_fixture f;
    f.rules.budgets["cheap"] = {.requests = 1, .tokens = 0};
    CHECK(f.io.run(f.budgets.take("cheap", 1)).wait.count() == 0);
    f.dear.calls = {says({"A goat at sea"})};
    f.update_memory();
    CHECK(f.cheap.asked.empty());
    CHECK(f.dear.asked.size() == 1);
}

TEST_CASE("AIRI-19: the cheapest model makes a title, which is sent to the sockets and billed as a title") {
    memory_fixture f;
    f.cheap.calls = {says({"\"A goat", " at sea.\"\n"})};
    f.update_memory();
    CHECK(f.dear.asked.empty());
    REQUIRE(f.cheap.asked.size() == 1);
    CHECK(f.cheap.asked[0].model == "small");
    const auto stored = f.only("memory.title");
    CHECK(parameter(stored, "title") == "A goat at sea");
    CHECK(parameter(stored, "id") == generation_id::of(f.event.generation.value, "title").text());
    CHECK(contains(parameter(stored, "calls"),
        R"("outcome":"completed","tokens_in":10,"tokens_out":5,"tokens_cached":0,"tokens_cache_write":0,)"
        R"("tokens_reasoning":0,"cost_nanousd":60)"));
    REQUIRE(f.frames.announcements.size() == 1);
    CHECK(f.frames.announcements[0].channel == events::channel_of(f.event.user));
    CHECK(f.frames.announcements[0].frame ==
          R"({"type":"conversation_updated","data":{"conversation":{"id":"c1","title":"A goat at sea"}}})");
    const auto used = f.producer.to("usage.recorded.v1");
    REQUIRE(used.size() == 1);
    const auto bill = events::decode<events::usage_recorded>(used[0].value);
    REQUIRE(bill);
    CHECK(bill->resource == "titles");
    CHECK(bill->cost_nanousd == 60);
    CHECK(bill->reference == generation_id::of(f.event.generation.value, "title"));
}

TEST_CASE("AIRI-19: no model is called for a turn that did not complete, nor when nothing is due") {
    memory_fixture f;
    f.event.state = "cancelled";
    f.update_memory();
    CHECK(f.database.committed.empty());
    f.event.state = "completed";
    f.due.reset();
    f.update_memory();
    CHECK(f.database.committed.size() == 1);
    CHECK(f.cheap.asked.empty());
}

TEST_CASE("AIRI-19: work done before is published again without a call: the usage of a dead worker is not lost") {
    memory_fixture f;
    f.due = R"({"rank":0,"providers":[],"title":null,"turns":null,"summary":null,"until":null,"titled":true,)"
            R"("folded":false})";
    f.came = R"({"conversation":null,"calls":[)"
             R"({"id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","provider":"cheap","model":"small",)"
             R"("outcome":"completed","tokens_in":10,"tokens_out":5,"cost_nanousd":60,"at":"2026-11-25T10:00:00Z"}]})";
    f.update_memory();
    f.update_memory();
    CHECK(f.cheap.asked.empty());
    CHECK(f.frames.announcements.empty());
    const auto used = f.producer.to("usage.recorded.v1");
    REQUIRE(used.size() == 2);
    CHECK(used[0].value == used[1].value);
    const auto id_of = [](const kafka::record& r) {
        return std::find_if(r.headers.begin(), r.headers.end(), [](const auto& h) { return h.name == "ce_id"; })->value;
    };
    CHECK(id_of(used[0]) == id_of(used[1]));
    CHECK(parameter(f.database.all("memory.title")[0], "title") == "");
}

TEST_CASE("AIRI-19: the next model follows one that fails; when all fail, the title stays and the calls are recorded") {
    memory_fixture f;
    f.cheap.calls = {refuses(models::errc::overloaded)};
    f.dear.calls = {says({"Goats"})};
    f.update_memory();
    CHECK(parameter(f.only("memory.title"), "title") == "Goats");
    CHECK(contains(parameter(f.only("memory.title"), "calls"), "provider overloaded"));
    memory_fixture none;
    none.came = R"({"conversation":null,"calls":[]})";
    none.update_memory();
    CHECK(parameter(none.only("memory.title"), "title") == "");
    CHECK(none.producer.to("usage.recorded.v1").empty());
    CHECK(none.frames.announcements.empty());
}

TEST_CASE("AIRI-19: the oldest turns are summarised step by step; the summary reached is stored when a model fails") {
    memory_fixture f;
    f.due = due_turns(5);
    f.came =
        R"({"conversation":null,"calls":[)"
        R"({"id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","provider":"cheap","model":"small",)"
        R"("outcome":"completed","tokens_in":20,"tokens_out":10,"cost_nanousd":120,"at":"2026-11-25T10:00:00Z"}]})";
    f.cheap.calls = {says({"New."}), says({"Newer."}), says({"Newest."})};
    f.update_memory();
    REQUIRE(f.cheap.asked.size() == 3);
    CHECK(contains(f.cheap.asked[0].turns[1].text, "Old."));
    CHECK(contains(f.cheap.asked[1].turns[1].text, "New."));
    const auto whole = f.only("memory.fold");
    CHECK(parameter(whole, "summary") == "Newest.");
    CHECK(parameter(whole, "before") == "2026-11-25T09:00:00Z");
    CHECK(parameter(whole, "until") == "2026-11-25T10:00:14Z");
    CHECK(parameter(whole, "count") == "5");
    const auto bill = events::decode<events::usage_recorded>(f.producer.to("usage.recorded.v1")[0].value);
    REQUIRE(bill);
    CHECK(bill->resource == "summaries");

    memory_fixture half;
    half.due = due_turns(5);
    half.came = R"({"conversation":null,"calls":[]})";
    half.cheap.calls = {says({"New."})};
    half.update_memory();
    CHECK(parameter(half.only("memory.fold"), "summary") == "New.");
    CHECK(parameter(half.only("memory.fold"), "count") == "2");
    CHECK(parameter(half.only("memory.fold"), "until") == "2026-11-25T10:00:11Z");
}

TEST_CASE("the memory worker keeps its topic and group") {
    memory_fixture f;
    CHECK(memory::declare(f.ports).name == "memory");
    CHECK(memory::declare(f.ports).topic == "chat.finished.v1");
}
