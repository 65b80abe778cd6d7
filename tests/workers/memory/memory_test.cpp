#include "workers/memory/memory.hpp"

#include "events/usage.hpp"
#include "tests/support/cpp/fake_channel.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/fake_producer.hpp"
#include "tests/support/cpp/fake_provider.hpp"
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
struct house {
    loop io;
    fake_database database;
    fake_producer producer;
    fake_channel frames;
    std::vector<std::unique_ptr<models::chat_provider>> providers;
    fake_provider &dear, &cheap;
    models::health_table health;
    models::model_list prices = std::make_shared<std::vector<models::priced_model>>(std::vector<models::priced_model>{
        {"dear", "big", 0, 100, 1000, 8000, 500}, {"cheap", "small", 0, 1, 10, 8000, 500}});
    memory::ports use{database, providers, health, prices};
    events::chat_finished in = sample<events::chat_finished>();
    std::optional<std::string> due =
        R"({"rank":0,"providers":[],"title":{"question":"Where is my goat?","reply":"At sea."},"turns":null,"summary":null,"until":null,"titled":false,"folded":false})";
    std::string came =
        R"({"conversation":{"id":"c1","title":"A goat at sea"},"bill":{"provider":"cheap","model":"small","tokens_in":10,"tokens_out":5,"cost_nanousd":60,"at":"2026-11-25T10:00:00Z"}})";

    house() : dear(add("dear")), cheap(add("cheap")) {
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            return cell(asked.statement->name == "memory.due" ? due : std::optional(came));
        };
    }
    void remember() {
        const kafka::message from{"chat.finished.v1", 0, 0, some_time, in.conversation.text(), events::encode(in), {}};
        const auto wanted = io.run(memory::declare(use).handle(record{from}));
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

TEST_CASE("AIRI-19: the cheapest model makes a title; the sockets are told, and it is billed by its own name") {
    house at;
    at.cheap.calls = {says({"\"A goat", " at sea.\"\n"})};
    at.remember();
    CHECK(at.dear.asked.empty());
    REQUIRE(at.cheap.asked.size() == 1);
    CHECK(at.cheap.asked[0].model == "small");
    const auto stored = at.only("memory.title");
    CHECK(parameter(stored, "title") == "A goat at sea");
    CHECK(parameter(stored, "id") == generation_id::of(at.in.generation.value, "title").text());
    CHECK(parameter(stored, "calls").find(R"("outcome":"completed","tokens_in":10,"tokens_out":5,"cost_nanousd":60)") !=
          std::string::npos);
    REQUIRE(at.frames.announcements.size() == 1);
    CHECK(at.frames.announcements[0].channel == events::channel_of(at.in.user));
    CHECK(at.frames.announcements[0].frame ==
          R"({"type":"conversation_updated","data":{"conversation":{"id":"c1","title":"A goat at sea"}}})");
    const auto used = at.producer.to("usage.recorded.v1");
    REQUIRE(used.size() == 1);
    const auto bill = events::decode<events::usage_recorded>(used[0].value);
    REQUIRE(bill);
    CHECK(bill->resource == "titles");
    CHECK(bill->cost_nanousd == 60);
    CHECK(bill->reference == generation_id::of(at.in.generation.value, "title"));
}

TEST_CASE("AIRI-19: nothing is asked for a turn that did not complete, nor when nothing is due") {
    house at;
    at.in.state = "cancelled";
    at.remember();
    CHECK(at.database.committed.empty());
    at.in.state = "completed";
    at.due.reset();
    at.remember();
    CHECK(at.database.committed.size() == 1);
    CHECK(at.cheap.asked.empty());
}

TEST_CASE("AIRI-19: what was tried before is told again and not asked again: the bill of a worker that died gets out") {
    house at;
    at.due =
        R"({"rank":0,"providers":[],"title":null,"turns":null,"summary":null,"until":null,"titled":true,"folded":false})";
    at.came =
        R"({"conversation":null,"bill":{"provider":"cheap","model":"small","tokens_in":10,"tokens_out":5,"cost_nanousd":60,"at":"2026-11-25T10:00:00Z"}})";
    at.remember();
    at.remember();
    CHECK(at.cheap.asked.empty());
    CHECK(at.frames.announcements.empty());
    const auto used = at.producer.to("usage.recorded.v1");
    REQUIRE(used.size() == 2);
    CHECK(used[0].value == used[1].value);
    const auto id_of = [](const kafka::record& r) {
        return std::find_if(r.headers.begin(), r.headers.end(), [](const auto& h) { return h.name == "ce_id"; })->value;
    };
    CHECK(id_of(used[0]) == id_of(used[1]));
    CHECK(parameter(at.database.all("memory.title")[0], "title") == "");
}

TEST_CASE(
    "AIRI-19: a model that fails is followed by the next; when all do, the first words stay and the calls are on "
    "record") {
    house at;
    at.cheap.calls = {refuses(models::errc::overloaded)};
    at.dear.calls = {says({"Goats"})};
    at.remember();
    CHECK(parameter(at.only("memory.title"), "title") == "Goats");
    CHECK(parameter(at.only("memory.title"), "calls").find("provider overloaded") != std::string::npos);
    house none;
    none.came = R"({"conversation":null,"bill":null})";
    none.remember();
    CHECK(parameter(none.only("memory.title"), "title") == "");
    CHECK(none.producer.to("usage.recorded.v1").empty());
    CHECK(none.frames.announcements.empty());
}

TEST_CASE("AIRI-19: the oldest turns go into the summary by and by; what was reached is kept when a model fails") {
    house at;
    at.due = due_turns(5);
    at.came =
        R"({"conversation":null,"bill":{"provider":"cheap","model":"small","tokens_in":20,"tokens_out":10,"cost_nanousd":120,"at":"2026-11-25T10:00:00Z"}})";
    at.cheap.calls = {says({"New."}), says({"Newer."}), says({"Newest."})};
    at.remember();
    REQUIRE(at.cheap.asked.size() == 3);
    CHECK(at.cheap.asked[0].turns[1].text.find("Old.") != std::string::npos);
    CHECK(at.cheap.asked[1].turns[1].text.find("New.") != std::string::npos);
    const auto whole = at.only("memory.fold");
    CHECK(parameter(whole, "summary") == "Newest.");
    CHECK(parameter(whole, "before") == "2026-11-25T09:00:00Z");
    CHECK(parameter(whole, "until") == "2026-11-25T10:00:14Z");
    CHECK(parameter(whole, "count") == "5");
    const auto bill = events::decode<events::usage_recorded>(at.producer.to("usage.recorded.v1")[0].value);
    REQUIRE(bill);
    CHECK(bill->resource == "summaries");

    house half;
    half.due = due_turns(5);
    half.came = R"({"conversation":null,"bill":null})";
    half.cheap.calls = {says({"New."})};
    half.remember();
    CHECK(parameter(half.only("memory.fold"), "summary") == "New.");
    CHECK(parameter(half.only("memory.fold"), "count") == "2");
    CHECK(parameter(half.only("memory.fold"), "until") == "2026-11-25T10:00:11Z");
}

TEST_CASE("the group has its name, which decides where it goes on reading") {
    house at;
    CHECK(memory::declare(at.use).name == "memory");
    CHECK(memory::declare(at.use).topic == "chat.finished.v1");
}
