#include "tests/support/cpp/contains.hpp"
#include "tests/workers/chat/chat_fixture.hpp"

using namespace airi;
using namespace airi::test;
using airi::workers::errc;
using events::frame_type;
using types = std::vector<frame_type>;
using list = std::vector<std::string>;

TEST_CASE("AIRI-26: a reply that calls tools is stored with its calls and its true end") {
    chat_fixture h;
    auto call = says({"Let me see.", "", ""});
    call.called = {{}, {{0, "a", "weather", "{\"town\":"}}, {{0, "", "", "1}"}}};
    call.ended = models::finish::tool_calls;
    call.tokens = models::token_count{10, 5, 4, 2};
    h.openai.calls = {call};
    h.answer_whole();
    CHECK(h.row.state == "completed");
    CHECK(h.row.details == R"({"finish_reason":"tool_calls","tool_calls":[{"id":"a","type":"function",)"
                           R"("function":{"name":"weather","arguments":"{\"town\":1}"}}],"tokens_cached":4,)"
                           R"("tokens_reasoning":2})");
}

TEST_CASE("AIRI-26: a provider that breaks in mid-call is replaced, and nothing of its call is left") {
    chat_fixture h;
    auto broken = breaks_after({"", ""});
    broken.called = {{{0, "a", "weather", "{\"to"}}, {}};
    auto whole = says({""});
    whole.called = {{{0, "b", "weather", "{}"}}};
    whole.ended = models::finish::tool_calls;
    h.openai.calls = {broken};
    h.anthropic.calls = {whole};
    h.answer_whole();
    CHECK(h.row.epoch == 2);
    CHECK(parameter(h.finish(), "provider") == "anthropic");
    CHECK(contains(h.row.details, R"("tool_calls":[{"id":"b","type":"function",)"));
    CHECK_FALSE(contains(h.row.details, R"("a")"));
}

TEST_CASE("a reply says why it ended: its own end, the caller's limit or the provider's filter") {
    for (const auto& [ended, name] : {std::pair{models::finish::stop, "stop"}, {models::finish::length, "length"},
             {models::finish::filtered, "content_filter"}}) {
        chat_fixture h;
        auto call = says({"text"});
        call.ended = ended;
        h.openai.calls = {call};
        h.answer_whole();
        CHECK(h.row.details == json::object().add("finish_reason", name).text());
    }
}

TEST_CASE("a model whose provider lacks a parameter is passed over, and without another the parameter is named") {
    chat_fixture h;
    h.row.parameters = R"({"seed":1})";
    h.openai.lacking = "seed";
    h.anthropic.calls = {says({"Hello"})};
    h.answer_whole();
    CHECK(h.openai.asked.empty());
    CHECK(parameter(h.finish(), "provider") == "anthropic");
    REQUIRE(h.anthropic.asked.size() == 1);
    CHECK(h.anthropic.asked[0].options == R"({"seed":1})");

    chat_fixture none;
    none.row.parameters = R"({"seed":1})";
    none.openai.lacking = none.anthropic.lacking = "seed";
    none.answer_whole();
    CHECK(none.row.state == "failed");
    CHECK(parameter(none.finish(), "error") == "unsupported_parameter.seed");
}

TEST_CASE("a reply that is no JSON although JSON was asked for is asked of another model") {
    chat_fixture h;
    h.row.parameters = R"({"response_format":{"type":"json_object"}})";
    h.openai.calls = {says({"Sure! Here it is:"})};
    h.anthropic.calls = {says({"{\"a\":", "1}"})};
    h.answer_whole();
    CHECK(parameter(h.finish(), "content") == R"({"a":1})");
    CHECK(parameter(h.finish(), "provider") == "anthropic");
}

TEST_CASE("AIRI-26: a companion's tools are run in its reply, which goes on with their results") {
    chat_fixture h;
    h.row.tools = R"([{"type":"function","function":{"name":"calculator"}}])";
    auto call = says({"Let me see.", ""});
    call.called = {{}, {{0, "a", "calculator", R"({"expression":"2+3*4"})"}}};
    call.ended = models::finish::tool_calls;
    h.openai.calls = {call, says({"It is 14."})};
    h.answer_whole();
    CHECK(parameter(h.finish(), "content") == "Let me see.\n\nIt is 14.");
    CHECK(parameter(h.finish(), "tokens_in") == "20");
    CHECK(h.calls().size() == 2);
    CHECK(contains(h.row.details, R"("tool_runs":[{"name":"calculator",)"));
    CHECK(contains(h.row.details, R"("result":"14")"));
    CHECK_FALSE(contains(h.row.details, "tool_calls"));
    for (const auto& frame : h.frames.frames) CHECK_FALSE(contains(frame.more, "call"));
    REQUIRE(h.openai.asked.size() == 2);
    const auto& turns = h.openai.asked[1].turns;
    REQUIRE(turns.size() >= 2);
    CHECK(turns.back().text == "14");
    CHECK(turns.back().call_id == "a");
    CHECK(turns[turns.size() - 2].text == "Let me see.");
    CHECK(turns[turns.size() - 2].calls.size() == 1);
}

TEST_CASE("AIRI-26: a model that calls tools for ever is stopped after four calls of the provider") {
    chat_fixture h;
    h.row.tools = R"([{"type":"function","function":{"name":"calculator"}}])";
    auto call = says({"x"});
    call.called = {{{0, "a", "calculator", "no JSON"}, {1, "b", "memory_search", R"({"query":"x"})"}}};
    call.ended = models::finish::tool_calls;
    h.openai.calls = {call, call, call, call, call};
    h.answer_whole();
    CHECK(h.row.state == "completed");
    CHECK(h.openai.asked.size() == 4);
    CHECK(contains(h.openai.asked[3].options, R"("tool_choice":"none")"));
    CHECK(contains(h.row.details, "There is no tool memory_search."));  // it was not offered
}
