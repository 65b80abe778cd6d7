#include <doctest/doctest.h>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/http/client.hpp"
#include "tests/platform/http_raw_server.hpp"
#include "tests/workers/providers/said.hpp"
#include "tests/workers/providers/stub_provider_process.hpp"
#include "tests/workers/providers/vendor_named.hpp"
#include "workers/providers/providers.hpp"

namespace airi::tests {
namespace {

using namespace workers::providers;

const std::string whole = "tok0 tok1 tok2 tok3 tok4 tok5 tok6 tok7";
const std::string before_fault = "tok0 tok1 tok2";

// The five providers that have a wire format.
struct world : stub_provider_client {
    std::vector<std::unique_ptr<chat_provider>> providers;
    time_limits bound{.first_token = seconds(5), .gap = seconds(5), .total = seconds(9)};

    world() {
        const auto& at = process();
        provider_settings settings;
        settings.anthropic_api_key = secret("key");
        settings.anthropic_base_url = at.url("/anthropic");
        vendor_named(settings, "openai") = {secret("key"), at.url("/openai/v1")};
        vendor_named(settings, "groq") = {secret("key"), at.url("/groq/openai/v1")};
        vendor_named(settings, "azure") = {secret("key"), at.url("/azure")};
        settings.azure_openai_deployment = "gpt-4o";
        settings.ollama_host = at.url("/ollama");
        providers = from_settings(settings, *client, on.get_executor());
        providers.pop_back();
    }

    // A model that the provider has.
    static std::string model_of(const chat_provider& provider) {
        const auto name = provider.name();
        if (name == "groq") return "openai/gpt-oss-20b";
        if (name == "anthropic") return "claude-haiku-4-5-20251001";
        return name == "ollama" ? "llama3.2" : "gpt-4o";
    }
    static prompt with(const chat_provider& provider, std::string script) {
        return {.model = model_of(provider),
            .turns = {{role::user, "hi there [[stub " + std::move(script) + "]]"}},
            .temperature = {}};
    }
    said ask(chat_provider& whom, std::string script) {
        return run(on, listen(&whom, with(whom, std::move(script)), bound));
    }

    struct told {
        std::string name;
        said what;
    };
    // Asks all providers at the same time.
    std::vector<told> ask_all(const std::string& script) {
        std::vector<told> out;
        for (const auto& each : providers)
            asio::co_spawn(on, listen(each.get(), with(*each, script), bound),
                [&out, name = std::string(each->name())](
                    std::exception_ptr, said what) { out.push_back({name, std::move(what)}); });
        REQUIRE(eventually(on, [&] { return out.size() == providers.size(); }));
        return out;
    }

    // All providers must give this text, and this error or an end.
    void expect(const std::string& script, const std::string& text, std::optional<errc> failed) {
        for (const auto& [name, what] : ask_all(script)) {
            CAPTURE(name);
            CAPTURE(script);
            CHECK(what.text == text);
            CHECK(what.failed == (failed ? make_error_code(*failed) : error_code{}));
            CHECK(what.ended.has_value() == !failed);
        }
    }
    std::int64_t stat(std::string_view name) {
        http::request ask;
        ask.method = "GET";
        ask.url = process().url("/_stub/stats");
        auto answer = run(on, client->send(std::move(ask))).value();
        const auto body = run(on, answer->read_all(100'000)).value();
        return json::document::parse(body)->root()[name].integer().value_or(-1);
    }
};

}  // namespace

TEST_CASE("every provider streams a reply and its token counts") {
    world w;
    for (const auto& [name, got] : w.ask_all("tokens=8 rate=20")) {
        CAPTURE(name);
        CHECK(got.text == whole);
        CHECK(got.pieces > 3);
        CHECK(got.ended == finish::stop);
        REQUIRE(got.tokens);
        CHECK(got.tokens->out == 8);
        CHECK(got.tokens->in > 0);
    }
}

TEST_CASE("harmless oddities change nothing") {
    world w;
    for (const auto* fault : {"double_done", "unknown_events", "split", "crlf", "no_space", "bom", "big_trailer",
             "garbage", "deep", "slow_headers every=1"})
        w.expect(std::string("fault=") + fault, whole, std::nullopt);
    w.expect("utf8=1 fault=split tokens=0", "", std::nullopt);
}

TEST_CASE("multi-byte characters survive any chunking") {
    world w;
    const auto expected = w.ask(*w.providers[0], "utf8=1 tokens=12").text;
    CHECK(expected.size() > 12 * 5);
    w.expect("utf8=1 tokens=12 fault=split", expected, std::nullopt);
}

TEST_CASE("a stream that breaks is interrupted after the text that came") {
    world w;
    w.bound.gap = milliseconds(500);
    for (const auto* fault : {"stall", "cut", "close", "silent_pings every=50", "drip every=20"})
        w.expect(std::string("fault=") + fault, before_fault, errc::interrupted);
}

TEST_CASE("a stream that becomes unparsable is malformed") {
    world w;
    w.expect("fault=bad_chunk", before_fault, errc::malformed);
    w.expect("fault=big_line", before_fault, errc::malformed);
    w.expect("fault=garbage_only", "", errc::malformed);
}

TEST_CASE("an error inside the stream may be retried with another provider") {
    world w;
    for (const auto& [name, got] : w.ask_all("fault=error")) {
        CHECK(got.text == before_fault);
        CHECK(failure_of(got.failed) == failure::again);
    }
}

TEST_CASE("a reply without the end mark is whole after its finish reason") {
    world w;
    for (const auto& [name, got] : w.ask_all("fault=no_done")) {
        CHECK(got.text == whole);
        // The line that Ollama leaves out then is the one with the reason.
        if (name == "ollama")
            CHECK(got.failed == errc::interrupted);
        else
            CHECK(got.ended == finish::stop);
    }
}

TEST_CASE("a provider without a token in time is unavailable") {
    world w;
    w.bound.first_token = milliseconds(300);
    w.expect("fault=no_headers", "", errc::unavailable);
    w.expect("fault=slow_headers every=50", "", errc::unavailable);
    w.expect("first=5000", "", errc::unavailable);
    w.expect("fault=silent_pings at=0 every=20", "", errc::unavailable);
}

TEST_CASE("an endless reply ends at the total limit") {
    world w;
    w.bound.total = milliseconds(600);
    for (const auto& [name, got] : w.ask_all("tokens=10000 rate=50")) CHECK(got.failed == errc::interrupted);
}

TEST_CASE("statuses become errors, and the requested pause is stored") {
    world w;
    const std::pair<const char*, errc> expected[] = {{"400", errc::prompt_refused}, {"401", errc::unauthorized},
        {"403", errc::unauthorized}, {"404", errc::bad_model}, {"408", errc::unavailable}, {"429", errc::rate_limited},
        {"500", errc::unavailable}, {"502", errc::unavailable}, {"503", errc::overloaded}, {"529", errc::overloaded}};
    for (const auto& [status, means] : expected) w.expect(std::string("status=") + status, "", means);
    for (const auto& each : w.providers) CHECK(each->retry_after() == milliseconds(0));
    w.expect("status=429 retry_after=20", "", errc::rate_limited);
    for (const auto& each : w.providers) CHECK(each->retry_after() > milliseconds(18'000));
    w.expect("status=429 retry_after=40 retry_after_date=1", "", errc::rate_limited);
    for (const auto& each : w.providers) CHECK(each->retry_after() > milliseconds(35'000));
}

TEST_CASE("counts are found wherever they are sent, and missing ones stay missing") {
    world w;
    for (const std::string mode : {"last", "with_choices", "first", "twice_decreasing"})
        for (const auto& [name, got] : w.ask_all("usage=" + mode)) {
            CAPTURE(name);
            CAPTURE(mode);
            REQUIRE(got.tokens);
            CHECK(got.tokens->out == 8);
        }
    for (const auto& [name, got] : w.ask_all("usage=none")) CHECK(!got.tokens);
}

TEST_CASE("AIRI-30: a probe of each provider succeeds with its key, and no model is asked") {
    world w;
    const auto before = w.stat("total");
    for (const auto& each : w.providers) {
        CAPTURE(each->name());
        CHECK(run(w.on, each->probe(seconds(5))).has_value());
    }
    CHECK(w.stat("total") == before);
    provider_settings settings;
    settings.anthropic_api_key = secret("key");
    settings.anthropic_base_url = "http://127.0.0.1:1";
    vendor_named(settings, "openai") = {secret("key"), w.process().url("/nowhere")};
    const auto others = from_settings(settings, *w.client, w.on.get_executor());
    CHECK(run(w.on, others[0]->probe(seconds(5))).error() == errc::bad_model);
    CHECK(run(w.on, others[1]->probe(seconds(5))).error() == errc::unavailable);
}

TEST_CASE("a reply of many megabytes is read") {
    world w;
    for (const auto& [name, got] : w.ask_all("tokens=20000 size=500")) CHECK(got.text.size() >= 9'900'000);
}

TEST_CASE("destroying a stream closes the provider's connection at once") {
    world w;
    for (const auto& each : w.providers) {
        const auto gone = w.stat("client_gone");
        auto stream = run(w.on, each->start(world::with(*each, "tokens=100000 rate=100"), {}));
        REQUIRE(stream.has_value());
        CHECK(run(w.on, (*stream)->next()).has_value());
        stream->reset();
        CHECK(eventually(w.on, [&] { return w.stat("client_gone") == gone + 1; }));
    }
}

}  // namespace airi::tests
