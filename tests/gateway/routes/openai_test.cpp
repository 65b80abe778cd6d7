#include "tests/gateway/routes/openai_fixture.hpp"

using namespace airi;
using namespace airi::test;

TEST_CASE("a completion has OpenAI's shape") {
    gateway_fixture h;
    h.replies_with({"I am", " well."});
    const auto out = h.ask(h.request(verb::post, path, body_with("")));
    REQUIRE(out.status == 200);
    const auto parsed = json::document::parse(out.body);
    const auto at = parsed->root();
    CHECK(at["object"].string() == "chat.completion");
    CHECK(at["id"].string()->starts_with("chatcmpl-"));
    CHECK(at["model"].string() == "gpt-mini");
    CHECK(at["usage"]["prompt_tokens"].integer() == 7);
    CHECK(at["usage"]["completion_tokens"].integer() == 3);
    CHECK(at["usage"]["total_tokens"].integer() == 10);
    const auto choice = first_choice(*parsed);
    CHECK(choice["index"].integer() == 0);
    CHECK(choice["message"]["role"].string() == "assistant");
    CHECK(choice["message"]["content"].string() == "I am well.");
    CHECK(choice["finish_reason"].string() == "stop");
}

TEST_CASE("a streamed completion is chunks that make up the text, then the usage if it was asked for, then [DONE]") {
    gateway_fixture h;
    h.replies_with({"I am", " well", "."});
    const auto stream = read_all(h,
        h.ask_any(h.request(verb::post, path, body_with(R"(,"stream":true,"stream_options":{"include_usage":true})"))));
    CHECK(stream.ends_with("data: [DONE]\n\n"));
    const auto events = events_of(stream);
    REQUIRE(events.size() >= 4);
    CHECK(first_choice(events[0])["delta"]["role"].string() == "assistant");
    std::string text, reason;
    for (const auto& e : events) {
        CHECK(e.root()["object"].string() == "chat.completion.chunk");
        CHECK(e.root()["id"].string() == events[0].root()["id"].string());
        const auto choice = first_choice(e);
        text += choice["delta"]["content"].string().value_or("");
        if (const auto r = choice["finish_reason"].string()) reason = *r;
    }
    CHECK(text == "I am well.");
    CHECK(reason == "stop");
    CHECK(events.back().root()["usage"]["total_tokens"].integer() == 10);
    CHECK(events.back().root()["choices"].size() == 0);

    gateway_fixture without;
    without.replies_with({"x"});
    CHECK_FALSE(
        contains(read_all(without, without.ask_any(without.request(verb::post, path, body_with(R"(,"stream":true)")))),
            "usage"));
}

TEST_CASE("text that only the last frame has is streamed too, and a restarted stream ends in an error") {
    gateway_fixture h;
    h.out.then = [&](const events::outgoing& event) {
        const auto of = events::decode<events::chat_requested>(event.value);
        const events::generation_ids ids{of->conversation, of->generation, of->message, of->reply};
        h.redis.append(ids, {1, 0}, events::frame_type::start, "");
        h.redis.append(ids, {1, 1}, events::frame_type::delta, events::content_member("I am"));
        h.redis.append(ids, {1, 2}, events::frame_type::complete, R"("message":{"content":"I am well."})");
    };
    std::string text;
    for (const auto& e : events_of(read_all(h, h.ask_any(h.request(verb::post, path, body_with(R"(,"stream":true)"))))))
        text += first_choice(e)["delta"]["content"].string().value_or("");
    CHECK(text == "I am well.");

    gateway_fixture restarted;
    restarted.out.then = [&](const events::outgoing& event) {
        const auto of = events::decode<events::chat_requested>(event.value);
        const events::generation_ids ids{of->conversation, of->generation, of->message, of->reply};
        restarted.redis.append(ids, {1, 0}, events::frame_type::start, "");
        restarted.redis.append(ids, {1, 1}, events::frame_type::delta, events::content_member("Once"));
        restarted.redis.append(ids, {2, 0}, events::frame_type::restart, "");
        restarted.redis.append(ids, {2, 1}, events::frame_type::delta, events::content_member("Other"));
    };
    const auto stream =
        read_all(restarted, restarted.ask_any(restarted.request(verb::post, path, body_with(R"(,"stream":true)"))));
    CHECK_FALSE(contains(stream, "Other"));
    CHECK_FALSE(contains(stream, "[DONE]"));
    CHECK(events_of(stream).back().root()["error"]["code"].string() == "stream_restarted");
}

TEST_CASE("a caller's turns and limits are published with the message, outside every conversation") {
    gateway_fixture h;
    h.replies_with({"ok"});
    const auto out = h.ask(h.request(verb::post, path,
        body_with(R"(,"max_tokens":9,"temperature":0.5)",
            R"([{"role":"system","content":"Be brief."},{"role":"user","content":[)"
            R"({"type":"text","text":"a"},{"type":"text","text":"b"}]}])")));
    CHECK(out.status == 200);
    CHECK_FALSE(contains(h.out.sent.at(0).value, "brief"));
    const auto event = h.opened(h.out.sent.at(0));
    CHECK(event.content == "ab");
    CHECK(event.model == "gpt-mini");
    CHECK_FALSE(event.listed);
    const auto parameters = json::document::parse(event.parameters.text);
    CHECK(parameters->root()["max_tokens"].integer() == 9);
    CHECK(parameters->root()["temperature"].number() == 0.5);
    CHECK(parameters->root()["turns"].size() == 2);
}

TEST_CASE("STATEX-39: a request that OpenAI rejects is rejected in its format, naming the parameter at fault") {
    gateway_fixture h;
    const auto status = [&](const std::string& body) {
        const auto out = h.ask(h.request(verb::post, path, body));
        CHECK(json::document::parse(out.body)->root()["error"]["type"].string().has_value());
        return out.status;
    };
    CHECK(status("{}") == 400);
    CHECK(status(R"({"model":"gpt-mini"})") == 400);
    CHECK(status(R"({"model":"no-such","messages":[{"role":"user","content":"x"}]})") == 404);
    CHECK(status(R"({"model":"claude","messages":[{"role":"user","content":"x"}]})") == 404);
    CHECK(status(body_with("", "[]")) == 400);
    CHECK(status(body_with("", "\"x\"")) == 400);
    CHECK(status(body_with("", R"([{"role":"wizard","content":"x"}])")) == 400);
    CHECK(status(body_with("", R"([{"content":"x"}])")) == 400);
    CHECK(status(body_with("", R"([{"role":"system","content":"x"}])")) == 400);
    for (const auto* wrong : {R"(,"max_tokens":0)", R"(,"max_tokens":"x")", R"(,"temperature":3)",
             R"(,"temperature":-1)", R"(,"stream":"yes")", R"(,"stream_options":1)", R"(,"tools":{})"})
        CHECK_MESSAGE(status(body_with(wrong)) == 400, wrong);
    CHECK(status(body_with(R"(,"stream":null,"max_tokens":null,"n":2)")) == 400);
    CHECK(status(body_with("", R"([{"role":"user","content":")" + std::string(32'001, 'x') + R"("}])")) == 400);
    CHECK(status(body_with("", R"([{"role":"user","content":" "}])")) == 400);
    CHECK(status(body_with("", R"([{"role":"assistant","content":")" + std::string(600'000, 'x') +
                                   R"("},{"role":"user","content":"x"}])")) == 400);
    CHECK(h.ask(gateway_fixture::anonymous(verb::post, path, body_with(""))).status == 401);
    CHECK(h.out.sent.empty());
}

TEST_CASE("a caller sees the models of the plan") {
    gateway_fixture h;
    const auto parsed = json::document::parse(h.ask(h.request(verb::get, "/v1/models")).body);
    CHECK(parsed->root()["object"].string() == "list");
    CHECK(parsed->root()["data"].size() == 1);
    const auto one = json::document::parse(h.ask(h.request(verb::get, "/v1/models/gpt-mini")).body);
    CHECK(one->root()["id"].string() == "gpt-mini");
    CHECK(one->root()["object"].string() == "model");
    CHECK(one->root()["owned_by"].string() == "openai");
    CHECK(h.ask(h.request(verb::get, "/v1/models/claude")).status == 404);
    CHECK(h.ask(h.request(verb::get, "/v1/models/no-such")).status == 404);
}
