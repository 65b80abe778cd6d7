#include <doctest/doctest.h>

#include "workers/providers/llm/anthropic.hpp"
#include "workers/providers/llm/ollama.hpp"
#include "workers/providers/llm/openai.hpp"

namespace airi::tests {
namespace {

using namespace workers::providers;
using maker = std::unique_ptr<decoder> (*)();

struct outcome {
    std::string text;
    std::optional<std::pair<std::int64_t, std::int64_t>> tokens;
    std::optional<finish> ended;
    error_code failed;
    std::string calls = {};  // "0:id:name:arguments|…", each part joined to its call

    bool operator==(const outcome&) const = default;
};

void collect(decoder& from, outcome& into) {
    while (auto found = from.take()) {
        CHECK(!into.ended);
        into.text += found->text;
        for (const auto& part : found->calls) {
            if (!part.id.empty())
                into.calls += (into.calls.empty() ? "" : "|") + std::to_string(part.index) + ":" + part.id + ":" +
                              part.name + ":";
            into.calls += part.arguments;
        }
        if (found->tokens) into.tokens = {found->tokens->in, found->tokens->out};
        into.ended = found->ended;
    }
}

void feed(decoder& to, std::string_view bytes, outcome& into) {
    if (into.failed || into.ended) return;
    into.failed = to.push(bytes);
    collect(to, into);
}

void close(decoder& to, outcome& into) {
    if (into.failed || into.ended) return;
    into.failed = to.body_ended();
    collect(to, into);
}

// The same whether the stream comes whole or cut in two at any place.
outcome read(maker make, std::string_view stream) {
    outcome whole;
    const auto once = make();
    feed(*once, stream, whole);
    close(*once, whole);
    for (std::size_t at = 0; at < stream.size(); ++at) {
        outcome split;
        const auto twice = make();
        feed(*twice, stream.substr(0, at), split);
        feed(*twice, stream.substr(at), split);
        close(*twice, split);
        CHECK(split == whole);
    }
    return whole;
}

const maker openai = [] { return openai_decoder(""); };
const maker groq = [] { return openai_decoder(openai_dialects[1].usage_parent); };

std::string delta(std::string_view text) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":" + json::quoted(text) + "}}]}\n\n";
}
const std::string stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\n";
const std::string done = "data: [DONE]\n\n";

std::string event(std::string_view type, std::string_view data) {
    return "event: " + std::string(type) + "\ndata: " + std::string(data) + "\n\n";
}

}  // namespace

TEST_CASE("openai: text, counts and end") {
    const auto got = read(openai, "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n" +
                                      delta("Hel") + delta("lo \xF0\x9F\x99\x82") + stop + usage + done);
    CHECK(got.text == "Hello \xF0\x9F\x99\x82");
    CHECK(got.tokens == std::pair<std::int64_t, std::int64_t>(9, 4));
    CHECK(got.ended == finish::stop);
}

TEST_CASE("openai: counts are taken from any chunk and never shrink") {
    CHECK(read(openai, delta("a") +
                           "data: "
                           "{\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":5,"
                           "\"completion_tokens\":6}}\n\n" +
                           done) == outcome{"a", std::pair<std::int64_t, std::int64_t>(5, 6), finish::length, {}});
    REQUIRE(openai_dialects[1].name == "groq");
    CHECK(
        read(groq, "data: {\"x_groq\":{\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":3}}}\n\n" + done).tokens ==
        std::pair<std::int64_t, std::int64_t>(2, 3));
    CHECK(read(openai,
              delta("a") + usage + "data: {\"usage\":{\"prompt_tokens\":-1,\"completion_tokens\":2}}\n\n" + stop + done)
              .tokens == std::pair<std::int64_t, std::int64_t>(9, 4));
    CHECK(!read(openai, delta("a") + "data: {\"usage\":null}\n\n" + stop + done).tokens);
}

TEST_CASE("openai: the end mark is not needed after a finish reason") {
    CHECK(read(openai, delta("a") + stop).ended == finish::stop);
    CHECK(read(openai, delta("a") + done).ended == finish::stop);
    CHECK(read(openai, delta("a") + done + done + "garbage").ended == finish::stop);
    CHECK(read(openai, delta("a")).failed == errc::interrupted);
    CHECK(read(openai, "").failed == errc::interrupted);
    CHECK(read(openai, ": only comments\n\n").failed == errc::interrupted);
}

TEST_CASE("a line over the limit of its format is malformed for every provider") {
    const std::string big(2 * 1024 * 1024, 'x');
    CHECK(openai()->push("data: " + big) == errc::malformed);
    CHECK(anthropic_decoder()->push("data: " + big) == errc::malformed);
    CHECK(ollama_decoder()->push(big) == errc::malformed);
}

TEST_CASE("openai: a malformed chunk is skipped, many in a row are an error") {
    CHECK(
        read(openai, delta("a") + "data: {oops\n\ndata: 12\n\ndata: \xFF\n\n" + delta("b") + stop + done).text == "ab");
    CHECK(read(openai, "data: {oops\n\n" + done).failed == errc::malformed);
    CHECK(read(openai, "data: {oops\n\n").failed == errc::malformed);
    std::string many = delta("a");
    for (int i = 0; i < 9; ++i) many += "data: {oops\n\n";
    const auto got = read(openai, many + delta("b") + done);
    CHECK(got.failed == errc::malformed);
    CHECK(got.text == "a");
    const auto deep = "data: " + std::string(100'000, '[') + "\n\n";
    outcome past;
    const auto decoder = openai();
    feed(*decoder, delta("a") + deep + delta("b") + done, past);
    CHECK(past.text == "ab");
    CHECK(decoder->skipped() == 1);
}

TEST_CASE("openai: an error in the stream ends it with its error code") {
    const auto got = read(openai, delta("a") + "data: {\"error\":{\"code\":\"rate_limit_exceeded\"}}\n\n" + done);
    CHECK(got.text == "a");
    CHECK(got.failed == errc::rate_limited);
    CHECK(read(openai, event("error", R"({"message":"boom"})")).failed == errc::unavailable);
    CHECK(read(openai, "data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n" + done).text == "x");
}

TEST_CASE("openai: reasoning is progress but no text; other choices are ignored") {
    const auto decoder = openai();
    CHECK(!decoder->push(": ping\n\n"));
    CHECK(!decoder->take_progress());
    CHECK(!decoder->push("data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n"));
    CHECK(decoder->take_progress());
    CHECK(!decoder->take());
    CHECK(read(openai,
              "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"no\"}},{\"index\":0,\"delta\":"
              "{\"content\":\"yes\"}}]}\n\n" +
                  done)
              .text == "yes");
    CHECK(read(openai, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\n").ended ==
          finish::filtered);
}

TEST_CASE("anthropic: text, counts including the prompt cache's, and end") {
    const auto got = read(anthropic_decoder,
        event("message_start", R"({"type":"message_start","message":{"usage":{"input_tokens":3,)"
                               R"("cache_read_input_tokens":10,"cache_creation_input_tokens":5,"output_tokens":1}}})") +
            event(
                "content_block_start", R"({"type":"content_block_start","index":0,"content_block":{"type":"text"}})") +
            event("ping", R"({"type":"ping"})") +
            event("content_block_delta",
                R"({"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}})") +
            event(
                "content_block_delta", R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}})") +
            event("future_event", R"({"type":"future_event"})") +
            event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"max_tokens"},)"
                                   R"("usage":{"output_tokens":7}})") +
            event("message_stop", R"({"type":"message_stop"})"));
    CHECK(got == outcome{"Hi", std::pair<std::int64_t, std::int64_t>(18, 7), finish::length, {}});
}

TEST_CASE("anthropic: errors, cuts and absurd counts") {
    const auto text =
        event("content_block_delta", R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}})");
    CHECK(read(anthropic_decoder, text + event("error", R"({"type":"error","error":{"type":"overloaded_error"}})"))
              .failed == errc::overloaded);
    CHECK(read(anthropic_decoder, text).failed == errc::interrupted);
    CHECK(read(anthropic_decoder,
              text + event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"refusal"}})"))
              .ended == finish::filtered);
    CHECK(
        read(anthropic_decoder,
            event("message_start", R"({"type":"message_start","message":{"usage":{"input_tokens":9223372036854775807,)"
                                   R"("cache_read_input_tokens":9223372036854775807}}})") +
                text)
            .failed == errc::interrupted);
}

TEST_CASE("ollama: text, counts and end") {
    const std::string first = R"({"model":"m","message":{"role":"assistant","content":"Hel"},"done":false})";
    const std::string second = R"({"message":{"content":"lo"},"done":false})";
    const std::string last = R"({"message":{"content":""},"done":true,"done_reason":"stop",)"
                             R"("prompt_eval_count":11,"eval_count":2})";
    const auto expected = outcome{"Hello", std::pair<std::int64_t, std::int64_t>(11, 2), finish::stop, {}};
    CHECK(read(ollama_decoder, first + "\n" + second + "\n" + last + "\n") == expected);
    CHECK(read(ollama_decoder, first + "\r\n\r\n" + second + "\r\n" + last) == expected);
    CHECK(read(ollama_decoder, first + "\nnot json\n" + second + "\n" + last).text == "Hello");
    CHECK(read(ollama_decoder, first + "\n" + second + "\n").failed == errc::interrupted);
    CHECK(read(ollama_decoder, first + "\n{\"error\":\"model 'm' not found\"}\n").failed == errc::bad_model);
    CHECK(read(ollama_decoder, "<html>\n").failed == errc::malformed);
    CHECK(read(ollama_decoder, R"({"message":{"content":"x"},"done":true,"done_reason":"length"})").ended ==
          finish::length);
}

TEST_CASE("anthropic's request has the system prompt apart and alternating turns") {
    const prompt what{.model = "claude",
        .turns = {{role::system, "Be kind."}, {role::assistant, "Hi, I am Ada."}, {role::user, "one"},
            {role::user, "two"}, {role::system, "Be brief."}, {role::user, "  "}, {role::assistant, "three"}},
        .max_tokens = 50,
        .temperature = 1.5};
    CHECK(anthropic_body(what) == R"x({"model":"claude","max_tokens":50,"system":"Be kind.\n\nBe brief.","messages":[)x"
                                  R"x({"role":"user","content":"(The conversation begins.)"},)x"
                                  R"x({"role":"assistant","content":"Hi, I am Ada."},)x"
                                  R"x({"role":"user","content":"one\n\ntwo"},{"role":"assistant","content":"three"}],)x"
                                  R"x("stream":true,"temperature":1})x");
}

TEST_CASE("AIRI-26: each vendor's calls of tools are read, with their parts in order") {
    const auto part = [](std::string_view more) {
        return "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[" + std::string(more) + "]}}]}\n\n";
    };
    const std::string end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n";
    const auto got = read(openai,
        part(R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}})") +
            part(R"({"index":0,"function":{"arguments":"{\"x\":"}})") +
            part(R"({"index":0,"function":{"arguments":"1}"}})") +
            part(R"({"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}})") + end + done);
    CHECK(got.calls == R"(0:a:f:{"x":1}|1:b:g:{})");
    CHECK(got.ended == finish::tool_calls);
    CHECK(read(openai, part(R"({"id":"a","function":{"name":"f","arguments":"{}"}})") + stop + done).ended ==
          finish::tool_calls);
    CHECK(read(openai, part(R"({"index":1000000000,"id":"a","function":{"name":"f"}})") + stop + done).failed ==
          errc::malformed);
    CHECK(
        read(openai, part(R"({"index":-1,"id":"a","function":{"name":"f"}})") + stop + done).failed == errc::malformed);

    const auto block = [](std::string_view index, std::string_view id) {
        return event("content_block_start", R"({"type":"content_block_start","index":)" + std::string(index) +
                                                R"(,"content_block":{"type":"tool_use","id":")" + std::string(id) +
                                                R"(","name":"f","input":{}}})");
    };
    const auto json_part = [](std::string_view text) {
        return event("content_block_delta",
            R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":)" +
                json::quoted(text) + "}}");
    };
    const auto block_end = event("content_block_stop", R"({"type":"content_block_stop","index":1})");
    const auto claude = read(anthropic_decoder,
        event("message_start", R"({"type":"message_start","message":{"usage":{"input_tokens":3}}})") +
            event("content_block_start",
                R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})") +
            event("content_block_delta",
                R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me see."}})") +
            block_end + block("1", "a") + json_part("") + json_part("{\"x\":") + json_part("1}") + block_end +
            block("2", "b") + block_end +
            event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"tool_use"}})") +
            event("message_stop", R"({"type":"message_stop"})"));
    CHECK(claude.text == "Let me see.");
    CHECK(claude.calls == R"(0:a:f:{"x":1}|1:b:f:{})");
    CHECK(claude.ended == finish::tool_calls);

    const auto llama = read(ollama_decoder,
        R"({"message":{"content":"","tool_calls":[{"id":"a","function":{"name":"f","arguments":{"x":1}}}]},)"
        R"("done":false})"
        "\n"
        R"({"message":{"content":""},"done":true,"done_reason":"stop"})"
        "\n");
    CHECK(llama.calls == R"(0:a:f:{"x":1})");
    CHECK(llama.ended == finish::tool_calls);
}

TEST_CASE("AIRI-26: anthropic's request has tools, calls and results in its own form") {
    const prompt what{.model = "claude",
        .turns = {{role::user, "Weather?"}, {role::assistant, "", {{"a", "weather", R"({"town":"Oslo"})"}}},
            {role::tool, "sunny", {}, "a"}, {role::user, "And now?"}},
        .max_tokens = 50,
        .options = R"({"top_p":0.5,"stop":"END","tools":[{"type":"function","function":{"name":"weather",)"
                   R"("parameters":{"type":"object"}}}],"tool_choice":"required","parallel_tool_calls":false})"};
    CHECK(anthropic_body(what) ==
          R"x({"model":"claude","max_tokens":50,"messages":[{"role":"user","content":"Weather?"},)x"
          R"x({"role":"assistant","content":[{"type":"tool_use","id":"a","name":"weather","input":{"town":"Oslo"}}]},)x"
          R"x({"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"sunny"},)x"
          R"x({"type":"text","text":"And now?"}]}],"stream":true,"top_p":0.5,"stop_sequences":["END"],)x"
          R"x("tools":[{"name":"weather","input_schema":{"type":"object"}}],)x"
          R"x("tool_choice":{"type":"any","disable_parallel_tool_use":true}})x");
}

}  // namespace airi::tests
