#include <doctest/doctest.h>

#include "platform/base/log.hpp"
#include "platform/http/client.hpp"
#include "tests/platform/http_raw_server.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/workers/providers/said.hpp"
#include "tests/workers/providers/vendor_named.hpp"
#include "workers/providers/models.hpp"
#include "workers/providers/providers.hpp"

namespace airi::tests {
namespace {

using namespace workers::providers;
using airi::test::contains;

const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string hello = "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n";
const std::string stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string done = "data: [DONE]\n\n";
const std::string last_chunk = "0\r\n\r\n";

std::string chunk(std::string_view data) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    return size + std::string(data) + "\r\n";
}

std::string plain(std::string_view status, std::string_view body, std::string_view more = "") {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: application/json\r\n" + std::string(more) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

const time_limits batchable{.first_token = seconds(8), .gap = seconds(8), .total = seconds(15)};
const time_limits short_start{.first_token = milliseconds(400), .gap = seconds(8), .total = seconds(15)};
const time_limits short_gap{.first_token = seconds(8), .gap = milliseconds(400), .total = seconds(15)};

// OpenAI's provider in front of a scripted server.
struct world {
    asio::io_context on;
    raw_server server;
    std::unique_ptr<http::client> client = http::open_client(on.get_executor());
    std::vector<std::unique_ptr<chat_provider>> providers;

    explicit world(std::vector<script> scripts) : server(on, std::move(scripts)) {
        log::send_to([](std::string_view) {});
        provider_settings settings;
        vendor_named(settings, "openai") = {secret("sk-test\n"), server.url("/v1/")};
        providers = from_settings(settings, *client, on.get_executor());
    }
    ~world() { log::send_to({}); }
    chat_provider& openai() { return *providers[0]; }
    said ask(time_limits bound = batchable) {
        return run(on, listen(&openai(), {.model = "m", .turns = {{role::user, "hi"}}, .temperature = {}}, bound));
    }
};

}  // namespace

TEST_CASE("a reply is streamed, and its connection is reused") {
    const auto reply = send(head + chunk(hello) + chunk(stop + done) + last_chunk);
    world w({{request(), reply, request(), reply, hang()}});
    for (int i = 0; i < 2; ++i) {
        const auto got = w.ask();
        CHECK(got.text == "hello");
        CHECK(got.ended == finish::stop);
        w.on.restart();
        w.on.run_for(milliseconds(20));
    }
    CHECK(w.server.seen().connections == 1);
    REQUIRE(w.server.seen().requests.size() == 2);
    const auto& sent = w.server.seen().requests[0];
    CHECK(sent.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
    CHECK(contains(sent, "Authorization: Bearer sk-test\r\n"));
    CHECK(sent.ends_with(R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,)"
                         R"("stream_options":{"include_usage":true},"max_tokens":1024})"));
}

TEST_CASE("a reply is whole once its finish reason has come, whatever happens to the connection") {
    CHECK(world({{request(), send(head + chunk(hello) + chunk(stop)), hang_up()}}).ask().ended == finish::stop);
    const auto before = std::chrono::steady_clock::now();
    CHECK(world({{request(), send(head + chunk(hello) + chunk(stop)), hang()}}).ask().ended == finish::stop);
    CHECK(std::chrono::steady_clock::now() - before < seconds(6));
    CHECK(world({{request(), send(head + chunk(hello) + chunk(stop) + "zz\r\n"), hang()}}).ask().ended == finish::stop);
}

TEST_CASE("a reply that is cut or stalls is interrupted after the text that came") {
    for (const auto& end : {hang_up(), hang()}) {
        const auto got = world({{request(), send(head + chunk(hello)), end}}).ask(short_gap);
        CHECK(got.text == "hello");
        CHECK(got.failed == errc::interrupted);
    }
    CHECK(world({{request(), send(head + chunk(hello) + last_chunk), hang()}}).ask().failed == errc::interrupted);
}

TEST_CASE("comments do not keep a silent provider alive") {
    script late{request(), send(head)};
    script stalled{request(), send(head + chunk(hello))};
    for (auto* each : {&late, &stalled})
        for (int i = 0; i < 400; ++i) each->insert(each->end(), {send(chunk(": ping\n\n")), pause(25)});
    const auto before = std::chrono::steady_clock::now();
    CHECK(world({late}).ask(short_start).failed == errc::unavailable);
    CHECK(world({stalled}).ask(short_gap).failed == errc::interrupted);
    CHECK(std::chrono::steady_clock::now() - before < seconds(6));
}

TEST_CASE("a model that reasons first is limited by the gap, not by the first token's limit") {
    script thinking{request(), send(head)};
    for (int i = 0; i < 4; ++i) {
        const auto thought = chunk("data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n");
        thinking.insert(thinking.end(), {send(thought), pause(200)});
    }
    thinking.insert(thinking.end(), {send(chunk(hello + stop + done) + last_chunk), hang()});
    CHECK(world({thinking}).ask({.first_token = milliseconds(600), .gap = seconds(8)}).text == "hello");
}

TEST_CASE("a provider that does not answer or cannot be reached is unavailable") {
    CHECK(world({{request(), hang()}}).ask(short_start).failed == errc::unavailable);
    CHECK(world({{request(), hang_up()}}).ask().failed == errc::unavailable);
}

TEST_CASE("refusals are classified before any text") {
    CHECK(world({{request(), send(plain("401 No", R"({"error":{"code":"invalid_api_key"}})"))}}).ask().failed ==
          errc::unauthorized);
    CHECK(world({{request(), send(plain("500 Oops", "<html>"))}}).ask().failed == errc::unavailable);
    CHECK(world({{request(), send(plain("400 Bad", R"({"error":{"code":"content_filter"}})"))}}).ask().failed ==
          errc::prompt_refused);
    CHECK(world({{request(), send(plain("200 OK", R"({"error":{"type":"overloaded_error"}})"))}}).ask().failed ==
          errc::overloaded);
    CHECK(world({{request(), send(plain("200 OK", R"({"choices":[]})"))}}).ask().failed == errc::malformed);
    CHECK(world({{request(), send("HTTP/1.1 503 Busy\r\nContent-Length: 900\r\n\r\nx"), hang_up()}}).ask().failed ==
          errc::overloaded);
}

TEST_CASE("a rate limit sets the provider's retry_after") {
    world w({{request(), send(plain("429 Slow", "{}", "Retry-After: 30\r\n"))}});
    CHECK(w.openai().retry_after() == milliseconds(0));
    CHECK(w.ask().failed == errc::rate_limited);
    CHECK(w.openai().retry_after() > milliseconds(29'000));
    CHECK(w.openai().retry_after() <= milliseconds(30'000));
}

TEST_CASE("destroying the stream closes the connection at once") {
    world w({{request(), send(head + chunk(hello)), hang()}});
    auto stream = run(w.on, w.openai().start({.model = "m", .turns = {{role::user, "hi"}}, .temperature = {}}, {}));
    REQUIRE(stream.has_value());
    CHECK(run(w.on, (*stream)->next()).value().text == "hello");
    SUBCASE("between pieces") { stream->reset(); }
    SUBCASE("while one is waited for") {
        std::optional<error_code> ended;
        asio::co_spawn(w.on, (*stream)->next(),
            [&](std::exception_ptr, result<piece> got) { ended = got ? error_code{} : got.error(); });
        w.on.poll();
        stream->reset();
        CHECK(eventually(w.on, [&] { return ended.has_value(); }));
        CHECK(*ended == errc::interrupted);
    }
    CHECK(eventually(w.on, [&] { return w.server.seen().left_by_client == 1; }));
}

TEST_CASE("the settings decide which providers exist") {
    asio::io_context on;
    const auto client = http::open_client(on.get_executor());
    const auto names = [&](const provider_settings& s) {
        std::string out;
        for (const auto& each : from_settings(s, *client, on.get_executor())) out += std::string(each->name()) + ' ';
        return out;
    };
    provider_settings settings;
    CHECK(names(settings) == "ollama simulated ");
    for (auto& vendor : settings.vendors) vendor.api_key = secret("k");
    settings.anthropic_api_key = secret("k");
    settings.ollama_host = "localhost";
    std::string with_own_host, all;
    for (const auto& row : openai_dialects) {
        all += std::string(row.name) + ' ';
        if (!row.host.empty()) with_own_host += std::string(row.name) + ' ';
    }
    REQUIRE(with_own_host.starts_with("openai groq "));
    CHECK(names(settings) == with_own_host + "anthropic ollama simulated ");
    for (auto& vendor : settings.vendors) vendor.base_url = "https://x.example";
    CHECK(names(settings) == all + "anthropic ollama simulated ");
}

TEST_CASE("STATEX-10: without OLLAMA_HOST there is an Ollama at http://localhost:11434, for requests that name it") {
    asio::io_context on;
    const auto client = http::open_client(on.get_executor());
    CHECK(default_ollama_host == "http://localhost:11434");
    for (const auto* host : {"", "http://127.0.0.1:1"}) {
        provider_settings settings;
        settings.ollama_host = host;
        const auto providers = from_settings(settings, *client, on.get_executor());
        REQUIRE(providers.front()->name() == "ollama");
        const bool named_only = *host == 0;
        CHECK(providers.front()->assumed() == named_only);
        const auto names = allowed(providers, {});
        CHECK(names.assumed.size() == named_only);
        CHECK(names.configured.back() == "simulated");
    }
}

TEST_CASE("STATEX-12: Azure's API version is the setting's, else the product's, else a recent one") {
    const auto path = "POST /openai/deployments/gpt-4/chat/completions?api-version=";
    for (const auto& [set, of_product, expected] : {std::tuple{"", "2023-12-01-preview", "2023-12-01-preview"},
             std::tuple{"2024-06-01", "2023-12-01-preview", "2024-06-01"}, std::tuple{"", "", "2024-10-21"}}) {
        asio::io_context on;
        const auto client = http::open_client(on.get_executor());
        raw_server server(on, {{request(), send(plain("401 No", "{}")), hang()}});
        log::send_to([](std::string_view) {});
        provider_settings settings;
        vendor_named(settings, "azure") = {secret("k"), server.url("")};
        settings.azure_openai_api_version = set;
        const auto providers = from_settings(settings, *client, on.get_executor());
        prompt what{.model = "gpt-4", .turns = {{role::user, "hi"}}, .max_tokens = 5, .temperature = {}};
        what.api_version = of_product;
        CHECK(run(on, listen(providers.front().get(), what, batchable)).failed == errc::unauthorized);
        log::send_to({});
        REQUIRE(server.seen().requests.size() == 1);
        const auto& sent = server.seen().requests[0];
        CHECK(sent.starts_with(path + std::string(expected) + " HTTP/1.1"));
        // Older versions know neither of these.
        const bool recent = std::string_view(expected) == "2024-10-21";
        CHECK(contains(sent, "\"max_completion_tokens\":5") == recent);
        CHECK(contains(sent, "\"max_tokens\":5") == !recent);
        CHECK(contains(sent, "\"stream_options\"") == recent);
    }
}

TEST_CASE("each provider gets requests in its own format") {
    asio::io_context on;
    const auto client = http::open_client(on.get_executor());
    raw_server server(on, {{request(), send(plain("401 No", "{}")), hang()}});
    log::send_to([](std::string_view) {});
    provider_settings settings;
    settings.anthropic_api_key = secret("k");
    settings.anthropic_base_url = settings.ollama_host = server.url("");
    vendor_named(settings, "groq") = vendor_named(settings, "azure") = {secret("k"), server.url("")};
    settings.azure_openai_deployment = "d1";
    std::vector<std::string> lines;
    for (const auto& each : from_settings(settings, *client, on.get_executor())) {
        const prompt what{
            .model = "m", .turns = {{role::system, "s"}, {role::user, "hi"}}, .max_tokens = 5, .temperature = 0.5};
        if (each->name() != "simulated")
            CHECK(run(on, listen(each.get(), what, batchable)).failed == errc::unauthorized);
    }
    log::send_to({});
    const auto& sent = server.seen().requests;
    REQUIRE(sent.size() == 4);
    CHECK(sent[0].starts_with("POST /openai/v1/chat/completions HTTP/1.1"));
    CHECK(sent[1].starts_with("POST /openai/deployments/d1/chat/completions?api-version=2024-10-21 HTTP/1.1"));
    CHECK(contains(sent[1], "api-key: k\r\n"));
    CHECK_FALSE(contains(sent[1], "Authorization"));
    CHECK(sent[2].starts_with("POST /v1/messages HTTP/1.1"));
    CHECK(contains(sent[2], "x-api-key: k\r\n"));
    CHECK(contains(sent[2], "anthropic-version: 2023-06-01\r\n"));
    CHECK(sent[3].starts_with("POST /api/chat HTTP/1.1"));
    CHECK(
        sent[3].ends_with(R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}],)"
                          R"("stream":true,"options":{"num_predict":5,"temperature":0.5}})"));
}

TEST_CASE("AIRI-26: a provider gets the parameters that it has, and names the first one that it lacks") {
    asio::io_context on;
    const auto client = http::open_client(on.get_executor());
    raw_server server(on, {{request(), send(plain("401 No", "{}")), hang()}});
    log::send_to([](std::string_view) {});
    provider_settings settings;
    settings.anthropic_api_key = secret("k");
    settings.anthropic_base_url = settings.ollama_host = server.url("");
    vendor_named(settings, "openai") = vendor_named(settings, "groq") = {secret("k"), server.url("")};
    prompt what{.model = "m",
        .turns = {{role::user, "hi"}, {role::assistant, "", {{"a", "f", R"({"x":1})"}}}, {role::tool, "7", {}, "a"}},
        .max_tokens = 5,
        .options = R"({"stop":["END"],"seed":1,"tools":[{"type":"function","function":{"name":"f"}}],)"
                   R"("response_format":{"type":"json_object"}})"};
    const auto lacks = [&](std::string_view name, std::string_view options) {
        for (const auto& each : from_settings(settings, *client, on.get_executor())) {
            if (each->name() != name) continue;
            prompt other = what;
            other.options = options;
            return std::string(each->lacks(other));
        }
        return std::string("no such provider");
    };
    CHECK(lacks("openai", what.options) == "");
    CHECK(lacks("groq", R"({"logprobs":true,"seed":1})") == "logprobs");
    CHECK(lacks("anthropic", what.options) == "seed");
    CHECK(lacks("anthropic", R"({"tools":[],"stop":"x","top_p":1})") == "");
    CHECK(lacks("ollama", R"({"tool_choice":"required"})") == "tool_choice");
    CHECK(lacks("ollama", R"({"tool_choice":"auto","parallel_tool_calls":false})") == "parallel_tool_calls");
    CHECK(lacks("simulated", R"({"tool_choice":"required"})") == "tool_choice");
    CHECK(lacks("simulated", R"({"tools":[],"stop":"x","seed":1})") == "");
    for (const auto& each : from_settings(settings, *client, on.get_executor()))
        if (each->name() == "openai" || each->name() == "ollama")
            CHECK(run(on, listen(each.get(), what, batchable)).failed == errc::unauthorized);
    log::send_to({});
    const auto& sent = server.seen().requests;
    REQUIRE(sent.size() == 2);
    CHECK(contains(sent[0], R"({"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",)"
                            R"("function":{"name":"f","arguments":"{\"x\":1}"}}]},)"
                            R"({"role":"tool","content":"7","tool_call_id":"a"}],"stream":true)"));
    CHECK(contains(sent[0], R"("stop":["END"],"seed":1,)"));
    CHECK(contains(sent[1], R"({"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":)"
                            R"({"x":1}}}]},{"role":"tool","content":"7"}])"));
    CHECK(contains(sent[1], R"("format":"json",)"));
    CHECK(contains(sent[1], R"("options":{"num_predict":5,"seed":1,"stop":["END"]})"));
}

}  // namespace airi::tests
