#include "workers/chat/reply_cache.hpp"

#include "tests/support/cpp/contains.hpp"
#include "tests/workers/chat/chat_fixture.hpp"

using namespace airi;
using namespace airi::test;
using workers::chat::cached_reply;
using workers::chat::repeatable;
using workers::chat::reply_key;

namespace {

struct fake_cache : workers::chat::reply_cache {
    std::map<std::string, cached_reply> all;
    bool away = false;

    awaitable<std::optional<cached_reply>> find(std::string key) override {
        const auto found = all.find(key);
        if (away || found == all.end()) co_return std::nullopt;
        co_return found->second;
    }
    awaitable<> store(std::string key, cached_reply reply) override {
        if (!away) all[key] = std::move(reply);
        co_return;
    }
};

struct caching_fixture : chat_fixture {
    fake_cache cache;

    caching_fixture() {
        ports.cache = &cache;
        row.parameters = R"({"temperature":0,"turns":[{"role":"user","content":"Two and two?"}]})";
    }
    // The same generation's row, as if nothing had been said.
    void again() {
        row = {};
        row.parameters = R"({"temperature":0,"turns":[{"role":"user","content":"Two and two?"}]})";
        database.committed.clear();
        frames.frames.clear();
        frames.flush();
    }
};

}  // namespace

TEST_CASE("AIRI-32: only parameters that leave nothing to chance are repeatable") {
    for (const auto* good : {R"({"temperature":0})", R"({"temperature":0.0,"max_tokens":5})",
             R"({"temperature":0,"top_p":1})", R"({"temperature":0,"top_p":null})"})
        CHECK_MESSAGE(repeatable(good), good);
    for (const auto* bad : {"{}", "", "null", "[", R"({"temperature":0.7})", R"({"temperature":null})",
             R"({"temperature":"0"})", R"({"temperature":0,"top_p":0.9})", R"({"temperature":0,"tools":true})",
             R"({"temperature":0,"anew":true})"})
        CHECK_FALSE_MESSAGE(repeatable(bad), bad);
}

TEST_CASE("AIRI-32: the cache key covers the user, the provider and the whole prompt") {
    const user_id ada = requested().user, bob = user_id::of(ada.value, "bob");
    const models::prompt asked{
        "gpt", {{models::role::system, "Kind."}, {models::role::user, "Two and two?"}}, 100, 0, 0.0};
    const auto name = reply_key(ada, "openai", asked);
    CHECK(name == reply_key(ada, "openai", asked));
    CHECK(name.starts_with("reply:"));
    CHECK_FALSE(contains(name, "Two"));
    auto other = asked;
    std::vector<std::string> names{name, reply_key(bob, "openai", asked), reply_key(ada, "azure", asked)};
    const auto differs = [&] { names.push_back(reply_key(ada, "openai", std::exchange(other, asked))); };
    other.model = "gpt-2", differs();
    other.max_tokens = 99, differs();
    other.turns[1].text += "?", differs();
    other.turns[1].speaker = models::role::assistant, differs();
    other.turns.pop_back(), differs();
    // What is moved from one turn to the next is another prompt.
    other.turns = {{models::role::system, "Kind.Two and two?"}}, differs();
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("AIRI-32: an equal request gets the cached reply, streamed and stored, without a call and without a cost") {
    caching_fixture h;
    h.openai.calls = {says({"Fo", "ur."})};
    h.answer_whole();
    CHECK(h.calls() == std::vector<std::string>{"openai/completed/10/5/600"});
    h.again();
    h.answer_whole();
    CHECK(h.openai.asked.size() == 1);
    const auto finished = h.database.all("generations.finish");
    REQUIRE(finished.size() == 1);
    CHECK(parameter(finished[0], "cached") == "true");
    CHECK(parameter(finished[0], "content") == "Four.");
    CHECK(parameter(finished[0], "tokens_out") == "5");
    CHECK(parameter(finished[0], "cost") == "0");
    CHECK(h.frames.types() ==
          std::vector{events::frame_type::start, events::frame_type::delta, events::frame_type::complete});
    CHECK(h.frames.shown() == "Four.");
    const auto used = h.producer.to("usage.recorded.v1");
    REQUIRE(used.size() == 3);  // a message with its call, and one without
    const auto bill = events::decode<events::usage_recorded>(used[2].value);
    REQUIRE(bill);
    CHECK(bill->outcome == "cached");
    CHECK(bill->cost_nanousd == 0);
    CHECK(bill->quantity == 1);
}

TEST_CASE("AIRI-32: chance, another prompt and an unavailable cache each cause a call") {
    caching_fixture h;
    h.openai.calls = {says({"Four."}), says({"4"}), says({"IV"}), says({"four"})};
    h.answer_whole();
    h.again();
    h.row.parameters = R"({"temperature":0.7,"turns":[{"role":"user","content":"Two and two?"}]})";
    h.answer_whole();
    h.again();
    h.row.parameters = R"({"temperature":0,"turns":[{"role":"user","content":"Two and too?"}]})";
    h.answer_whole();
    h.again();
    h.cache.away = true;
    h.answer_whole();
    CHECK(h.openai.asked.size() == 4);
    for (const auto& finished : h.database.all("generations.finish")) CHECK(parameter(finished, "cached") == "false");
    CHECK(h.cache.all.size() == 2);
}

TEST_CASE("AIRI-32: neither another model's text nor half a reply is cached") {
    caching_fixture h;
    h.openai.calls = {breaks_after({"Fo"})};
    h.anthropic.calls = {says({"Four."})};
    h.answer_whole();
    REQUIRE(h.cache.all.size() == 1);
    CHECK(h.cache.all.begin()->second.text == "Four.");
    h.again();
    h.openai.calls = {says({"Four!"})};
    h.answer_whole();
    CHECK(h.openai.asked.size() == 2);
    CHECK(parameter(h.finish(), "content") == "Four!");
}
