#include "tests/gateway/routes/openai_fixture.hpp"

using namespace airi;
using namespace airi::test;
using events::frame_type;

namespace {

constexpr std::string_view tools = R"(,"tools":[{"type":"function","function":{"name":"weather"}}])";
constexpr std::string_view first_part =
    R"("content":"","tool_calls":[{"index":0,"id":"a","type":"function",)"
    R"("function":{"name":"weather","arguments":"{\"town\":"}}],"model":"gpt-mini-2")";
constexpr std::string_view second_part = R"("content":"","tool_calls":[{"index":0,"function":{"arguments":"1}"}}])";
constexpr std::string_view stored =
    R"("message":{"content":"","metadata":{"model":"gpt-mini-2","tokens_in":7,"tokens_out":3,"tokens_cached":2,)"
    R"("finish_reason":"tool_calls","tool_calls":[{"id":"a","type":"function","function":{"name":"weather",)"
    R"("arguments":"{\"town\":1}"}}]}})";

struct frame {
    std::int64_t epoch, offset;
    frame_type type;
    std::string_view more;
};

// The workers answer with these frames.
void answers_with(gateway_fixture& h, std::vector<frame> frames) {
    h.out.then = [&h, frames = std::move(frames)](const events::outgoing& event) {
        const auto of = events::decode<events::chat_requested>(event.value);
        const events::generation_ids ids{of->conversation, of->generation, of->message, of->reply};
        for (const auto& [epoch, offset, type, more] : frames)
            h.redis.append(ids, {epoch, offset}, type, std::string(more));
    };
}

std::string stream_of(gateway_fixture& h, std::string_view more) {
    return read_all(h, h.ask_any(h.request(verb::post, path, body_with(std::string(more) + R"(,"stream":true)"))));
}

// The parts of the calls in a stream, joined, and its finish reason: "a:weather:{"town":1}:tool_calls".
std::string calls_of(const std::string& stream) {
    std::string out, reason;
    for (const auto& e : events_of(stream)) {
        const auto choice = first_choice(e);
        choice["delta"]["tool_calls"].each([&](json::value part) {
            const auto function = part["function"];
            if (const auto id = part["id"].string())
                out += std::string(*id) + ":" + std::string(*function["name"].string()) + ":";
            out += function["arguments"].string().value_or("");
        });
        if (const auto r = choice["finish_reason"].string()) reason = *r;
    }
    return out + ":" + reason;
}

}  // namespace

TEST_CASE("AIRI-26: a completion has the calls, their finish reason, the model that answered and its counts") {
    gateway_fixture h;
    answers_with(h, {{1, 0, frame_type::start, ""}, {1, 1, frame_type::complete, stored}});
    const auto out = h.ask(h.request(verb::post, path, body_with(tools)));
    REQUIRE(out.status == 200);
    const auto parsed = json::document::parse(out.body);
    const auto choice = first_choice(*parsed);
    CHECK(choice["finish_reason"].string() == "tool_calls");
    CHECK(
        choice["message"].text() ==
        R"({"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"weather",)"
        R"("arguments":"{\"town\":1}"}}],"refusal":null})");
    CHECK(parsed->root()["model"].string() == "gpt-mini-2");
    CHECK(parsed->root()["usage"]["prompt_tokens_details"]["cached_tokens"].integer() == 2);

    gateway_fixture older;
    answers_with(older, {{1, 0, frame_type::start, ""}, {1, 1, frame_type::complete, stored}});
    const auto legacy = json::document::parse(
        older.ask(older.request(verb::post, path, body_with(R"(,"functions":[{"name":"weather"}])"))).body);
    const auto only = first_choice(*legacy);
    CHECK(only["finish_reason"].string() == "function_call");
    CHECK(only["message"]["function_call"].text() == R"({"name":"weather","arguments":"{\"town\":1}"})");
}

TEST_CASE("AIRI-26: calls are streamed in parts; what was lost comes with the end, and each part once") {
    const std::string whole = R"(a:weather:{"town":1}:tool_calls)";
    for (const auto& lost : {0, 1, 2}) {
        gateway_fixture h;
        std::vector<frame> frames{{1, 0, frame_type::start, ""}};
        if (lost < 2) frames.push_back({1, 1, frame_type::delta, first_part});
        if (lost < 1) frames.push_back({1, 2, frame_type::delta, second_part});
        frames.push_back({1, std::int64_t{3} - lost, frame_type::complete, stored});
        answers_with(h, std::move(frames));
        const auto stream = stream_of(h, tools);
        CHECK(calls_of(stream) == whole);
        for (const auto& e : events_of(stream)) CHECK(e.root()["model"].string() == "gpt-mini-2");
        CHECK(stream.ends_with("data: [DONE]\n\n"));
    }
    gateway_fixture restarted;
    answers_with(restarted, {{1, 0, frame_type::start, ""}, {1, 1, frame_type::delta, first_part},
                                {2, 0, frame_type::restart, ""}, {2, 1, frame_type::complete, stored}});
    CHECK(events_of(stream_of(restarted, tools)).back().root()["error"]["code"].string() == "stream_restarted");
}

TEST_CASE("a stream that fails before its first piece is answered with a status") {
    const auto answer = [](frame_type type, std::string_view more) {
        gateway_fixture h;
        answers_with(h, {{1, 0, frame_type::start, ""}, {1, 1, type, more}});
        return h.ask(h.request(verb::post, path, body_with(R"(,"stream":true)")));
    };
    const auto error = [](const gateway::response& of) {
        const auto parsed = json::document::parse(of.body);
        const auto fault = parsed->root()["error"];
        return std::string(fault["code"].string().value_or("")) + " " +
               std::string(fault["param"].string().value_or(""));
    };
    const auto lacking = answer(frame_type::failed, R"("code":"unsupported_parameter.seed")");
    CHECK(lacking.status == 400);
    CHECK(error(lacking) == "unsupported_parameter seed");
    const auto too_long = answer(frame_type::failed, R"("code":"message_too_long")");
    CHECK(too_long.status == 400);
    CHECK(error(too_long) == "context_length_exceeded messages");
    const auto blocked = answer(frame_type::rejected, R"("reason":"x")");
    CHECK(blocked.status == 400);
    CHECK(error(blocked) == "content_policy_violation messages");
    CHECK(answer(frame_type::failed, R"("code":"provider_unavailable")").status == 503);
}

TEST_CASE("AIRI-26: turns of tools are published as the workers read them") {
    gateway_fixture h;
    h.replies_with({"ok"});
    const auto turns_of = [&](std::string_view messages) {
        const auto out = h.ask(h.request(verb::post, path, body_with("", messages)));
        CHECK(out.status == 200);
        return json::document::parse(h.opened(h.out.sent.back()).parameters.text)->root()["turns"].text();
    };
    const std::string calls = R"([{"id":"a","type":"function","function":{"name":"weather","arguments":"{}"}}])";
    CHECK(turns_of(R"([{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":)" + calls +
                   R"(},{"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"sunny"}]}])") ==
          R"([{"role":"user","content":"x"},{"role":"assistant","content":"","tool_calls":)" + calls +
              R"(},{"role":"tool","content":"sunny","tool_call_id":"a"}])");
    CHECK(turns_of(R"([{"role":"user","content":"x"},{"role":"assistant","content":"","function_call":)"
                   R"({"name":"weather","arguments":"{}"}},{"role":"function","name":"weather","content":"sunny"}])") ==
          R"([{"role":"user","content":"x"},{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":)"
          R"("function","function":{"name":"weather","arguments":"{}"}}]},)"
          R"({"role":"tool","content":"sunny","tool_call_id":"call_1"}])");
}

TEST_CASE("AIRI-26: every parameter is passed on as it came, or refused by its name") {
    gateway_fixture h;
    h.replies_with({"ok"});
    const std::string given =
        R"("temperature":0.5,"top_p":0.5,"stop":["a"],"seed":1,"presence_penalty":1,"frequency_penalty":1,)"
        R"("logit_bias":{"1":2},"logprobs":true,"top_logprobs":2,"reasoning_effort":"low","verbosity":"low",)"
        R"("response_format":{"type":"json_object"},"tools":[{"type":"function","function":{"name":"f"}}],)"
        R"("tool_choice":"required","parallel_tool_calls":false)";
    CHECK(h.ask(h.request(verb::post, path, body_with("," + given))).status == 200);
    CHECK(h.opened(h.out.sent.back()).parameters.text == R"({"turns":[{"role":"user","content":"hi"}],)" + given + "}");
    // A default is as good as nothing, whatever the provider lacks.
    CHECK(
        h.ask(h.request(verb::post, path,
                  body_with(R"(,"logprobs":false,"presence_penalty":0,"tools":[],"response_format":{"type":"text"})")))
            .status == 200);
    CHECK(h.opened(h.out.sent.back()).parameters.text == R"({"turns":[{"role":"user","content":"hi"}]})");

    const auto param = [&](std::string_view more, std::string_view messages = R"([{"role":"user","content":"hi"}])") {
        const auto out = h.ask(h.request(verb::post, path, body_with(more, messages)));
        CHECK(out.status == 400);
        return std::string(json::document::parse(out.body)->root()["error"]["param"].string().value_or("none"));
    };
    CHECK(param(R"(,"n":2)") == "n");
    CHECK(param(R"(,"audio":{"voice":"alloy"})") == "audio");
    CHECK(param(R"(,"prediction":{"type":"content"})") == "prediction");
    CHECK(param(R"(,"no_such":1)") == "no_such");
    CHECK(param(R"(,"store":true)") == "store");
    CHECK(param(R"(,"tool_choice":"auto")") == "tool_choice");
    CHECK(param(R"(,"tool_choice":"perhaps","tools":[{"type":"function","function":{"name":"f"}}])") == "tool_choice");
    CHECK(param(R"(,"tools":[{"type":"web_search"}])").starts_with("tools[0]"));
    CHECK(param(R"(,"response_format":{"type":"json_schema"})") == "response_format.json_schema");
    CHECK(param(R"(,"top_logprobs":2)") == "top_logprobs");
    CHECK(param("", R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}])")
            .starts_with("messages[0].content[0]"));
    CHECK(param("", R"([{"role":"user","content":"hi"},{"role":"tool","content":"x"}])") == "messages[1].tool_call_id");
    CHECK(param("", R"([{"role":"user","content":"hi","mood":"good"}])") == "messages[0].mood");
}
