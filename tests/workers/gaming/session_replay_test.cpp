// The decisions of a session, and their replay from its records.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>

#include "platform/base/json.hpp"
#include "tests/support/cpp/print.hpp"
#include "workers/gaming/session_record.hpp"
#include "workers/gaming/session_replay.hpp"
#include "workers/providers/games/tool_intent.hpp"

using namespace airi;
using namespace airi::workers;
using namespace airi::workers::gaming;

namespace {

const instant noon = parse_instant("2026-11-27T12:00:00Z").value();

player_said words(std::string text, seconds after, bool may_command = true) {
    return {"Steve", std::move(text), "ABCD2345", may_command, false, noon + after};
}

// The records that a worker makes of a session, in their order.
struct recording {
    seal::key key = seal::key::fresh();
    gaming_session_id session = gaming_session_id::fresh();
    std::vector<events::gaming_changed> records;
    std::int64_t epoch = 1, number = 0;
    words_budget budget;
    int blocks = 0;

    events::gaming_changed& add(std::string kind, std::string outcome, const std::optional<std::string>& text) {
        events::gaming_changed event;
        event.session = session;
        event.kind = std::move(kind);
        event.game = "minecraft";
        event.outcome = std::move(outcome);
        event.epoch = epoch;
        event.number = ++number;
        if (text) event.record = seal_record(event, *text, key);
        records.push_back(event);
        return records.back();
    }
    void hear(const player_said& said) {
        const auto decided = decide(said, budget);
        add(decided == about_words::granted ? "player" : "words", std::string(name_of(decided)),
            words_record{said}.text());
    }
    command_record command(std::string verb, std::string arguments, int broken = 0) {
        command_record out{"user", verb, arguments, "", "", false, {}, ""};
        out.decided = decide(asked_command{"minecraft", verb, arguments, false, blocks});
        const bool refused = !out.decided.error.empty();
        out.result = json::object()
                         .add("outcome", refused ? "refused" : "done")
                         .add("blocks", broken)
                         .add("error", out.decided.error)
                         .text();
        blocks += broken;
        return out;
    }
    void run(const command_record& one) {
        const auto result = json::document::parse(one.result);
        add("command", std::string(result->root()["outcome"].string().value_or("")), one.text());
    }
    session_again again() const { return decide_again(records, key); }
};

recording session() {
    recording out;
    out.hear(words("the code is abcd2345", seconds{0}, false));
    for (int i = 0; i < 8; ++i) out.hear(words("come here", seconds{i}));
    auto walk = out.command("goto", R"({"x": 1, "y": 64, "z": -3})");
    walk.origin = "companion";
    walk.tool = "game_goto";
    walk.tool_arguments = R"({"z":-3,"y":64.0,"x":1})";
    out.run(walk);
    out.run(out.command("mine", R"({"block": "dirt", "count": 16})", 16));
    out.run(out.command("mine", R"({"block": "dirt", "count": 100000})"));
    out.run(out.command("say", R"({"text": "/op me\n/op you"})"));
    return out;
}

}  // namespace

TEST_CASE("AIRI-51: a player's words are granted by the code, and become six messages in ten seconds") {
    words_budget budget;
    CHECK(decide(words("my code: abcd2345!", seconds{0}, false), budget) == about_words::granted);
    CHECK(decide(words("abcd234", seconds{0}, false), budget) == about_words::heard);
    for (int i = 0; i < 6; ++i) CHECK(decide(words("come", seconds{i}), budget) == about_words::command);
    CHECK(decide(words("come", seconds{6}), budget) == about_words::heard);
    CHECK(decide(words("come", seconds{10}), budget) == about_words::command);
    auto bad = words("come", seconds{40});
    bad.blocked = true;
    CHECK(decide(bad, budget) == about_words::blocked);
    bad.code = "";
    bad.blocked = false;
    CHECK(decide(bad, budget) == about_words::command);  // no code is said by nobody
}

TEST_CASE("AIRI-52: a command has as many blocks as its session has left, and a stop has none") {
    const auto blocks = [](std::string verb, std::string arguments, int used) {
        return decide(asked_command{"minecraft", std::move(verb), std::move(arguments), false, used}).blocks;
    };
    CHECK(blocks("mine", R"({"block":"dirt"})", 0) == 16);
    CHECK(blocks("mine", R"({"block":"dirt"})", 250) == 6);
    CHECK(blocks("mine", R"({"block":"dirt"})", 300) == 0);
    CHECK(blocks("stop", "{}", 0) == 0);
    CHECK(decide(asked_command{"minecraft", "say", R"({"text":"x"})", true, 0}).error == "TEXT_NOT_ALLOWED");
    CHECK(decide(asked_command{"minecraft", "eval", "{}", false, 0}).error == "BAD_ARGUMENTS");
    CHECK(decide(asked_command{"minecraft", "look", "{", false, 0}).error == "BAD_ARGUMENTS");
}

TEST_CASE("SAAS-43: a model's call becomes a verb of the game, and nothing else does") {
    namespace games = providers::games;
    const auto intent = games::intent_of("game_goto", R"({ "player" : "Steve" })");
    REQUIRE(intent);
    CHECK(intent->verb == "goto");
    CHECK(intent->arguments == R"({"player":"Steve"})");
    CHECK(games::intent_of("game_stop", "")->arguments == "{}");
    CHECK(!games::intent_of("memory_search", "{}"));
    for (const auto* bad : {"[]", "1", "{", "null", "{\"a\":}"})
        CHECK_MESSAGE(!games::intent_of("game_goto", bad), bad);
}

TEST_CASE("AIRI-52: a session is decided again from its records, in any order and with some of them twice") {
    auto one = session();
    std::ranges::reverse(one.records);
    one.records.push_back(one.records.front());
    events::gaming_changed status;
    status.kind = "status";
    one.records.push_back(status);
    const auto again = one.again();
    CHECK(again.difference == "");
    CHECK(again.decisions.size() == 13);
    CHECK(again.decisions[7].now == "heard");
    CHECK(again.decisions[9].what == "companion goto");
    CHECK(again.decisions[11].now == "refuses (BAD_ARGUMENTS)");
    CHECK(again.decisions[12].now == "says a line");
}

TEST_CASE("AIRI-52: the next lease of a session goes on with its blocks and begins with its own number") {
    auto one = session();
    one.epoch = 2;
    one.number = 0;
    one.budget = {};
    for (int i = 0; i < 16; ++i) one.run(one.command("mine", R"({"block": "dirt", "count": 16})", 16));
    const auto again = one.again();
    CHECK(again.difference == "");
    CHECK(again.decisions.back().now == "acts");
    CHECK(again.decisions[again.decisions.size() - 2].now == "acts, 16 blocks at most");
}

TEST_CASE("AIRI-52: each changed, missing, doubled or foreign input is a named difference") {
    const auto difference = [](auto change) {
        auto one = session();
        change(one);
        return one.again().difference;
    };
    const auto reseal = [](recording& one, std::size_t at, const std::string& text) {
        one.records[at].record = seal_record(one.records[at], text, one.key);
    };
    CHECK(difference([&](recording& one) {
        reseal(one, 1, words_record{words("come here", seconds{0}, false)}.text());
    }) == "record 1.2 (words): command was recorded, heard is decided now");
    CHECK(difference([&](recording& one) {
        auto walk = one.command("goto", R"({"x": 1, "y": 64, "z": -3})");
        walk.tool = "game_goto";
        walk.tool_arguments = R"({"x":1,"y":64,"z":-4})";
        reseal(one, 9, walk.text());
    }) == "record 1.10 (user goto): the model's call asks for another command");
    CHECK(difference([&](recording& one) {
        auto dig = one.command("mine", R"({"block": "dirt", "count": 16})", 16);
        dig.decided.blocks = 100;
        reseal(one, 10, dig.text());
    }) == "record 1.11 (user mine): acts, 100 blocks at most was recorded, acts, 16 blocks at most is decided now");
    CHECK(difference([&](recording& one) {
        auto dig = one.command("mine", R"({"block": "dirt", "count": 1})", 256);
        reseal(one, 10, dig.text());
        one.blocks = 16;
        one.run(one.command("mine", R"({"block": "dirt"})", 1));
    }) == "record 1.14 (user mine): acts, 16 blocks at most was recorded, acts is decided now");
    CHECK(difference([&](recording& one) {
        auto words_said = one.command("say", R"({"text": "/op me\n/op you"})");
        words_said.decided.lines = {"/op me"};
        reseal(one, 12, words_said.text());
    }) == "record 1.13 (user say): says a line otherwise than it was recorded");
    CHECK(difference([&](recording& one) { one.records[2].outcome = "granted"; }) ==
          "record 1.3 (words): granted was recorded, command is decided now");
    CHECK(difference([&](recording& one) { one.records[10].outcome = "failed"; }) ==
          "record 1.11 (user mine): its outcome is failed, and the game's was done");
    CHECK(difference([&](recording& one) { std::swap(one.records[3].record, one.records[4].record); }) ==
          "record 1.4 (words): its inputs do not open");
    CHECK(difference([&](recording& one) { one.records[9].game = "roblox"; }) ==
          "record 1.10 (command): its inputs do not open");
    CHECK(difference([&](recording& one) { reseal(one, 9, "{}"); }) ==
          "record 1.10 (command): its inputs cannot be read");
    CHECK(difference([&](recording& one) { one.records.erase(one.records.begin()); }) == "record 1.1 is missing");
    CHECK(difference([&](recording& one) { one.records.erase(one.records.begin() + 5); }) == "record 1.6 is missing");
    CHECK(difference([&](recording& one) {
        one.records.push_back(one.records[2]);
        one.records.back().outcome = "heard";
    }).starts_with("record 1.3 stands there twice"));
    CHECK(decide_again(session().records, seal::key::fresh()).difference ==
          "record 1.1 (player): its inputs do not open");
}

TEST_CASE("AIRI-52: inputs that are too long are counted, and nothing is decided about them") {
    auto one = session();
    one.add("command", "refused", std::string(most_recorded + 1, 'a'));
    const auto again = one.again();
    CHECK(again.difference == "");
    CHECK(again.without_inputs == 1);
    CHECK(again.decisions.size() == 13);
}
