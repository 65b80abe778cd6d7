#include <doctest/doctest.h>

#include "tests/platform/http_raw_server.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/workers/providers/said.hpp"
#include "workers/providers/llm/simulated.hpp"

namespace airi::tests {
namespace {

using namespace workers::providers;
using airi::test::contains;

prompt saying(std::string text) {
    return {
        .model = "simulated", .turns = {{role::system, "Be kind."}, {role::user, std::move(text)}}, .temperature = {}};
}

said ask(prompt what, simulated_config config = {.tokens_per_second = 20'000, .first_token = milliseconds(1)}) {
    asio::io_context on;
    const auto provider = simulated_provider(config, on.get_executor());
    return run(
        on, listen(provider.get(), std::move(what), {.first_token = milliseconds(500), .gap = milliseconds(100)}));
}

}  // namespace

TEST_CASE("the simulated reply says that it is simulated and quotes the message") {
    const auto got = ask(saying("My cat is called Miso\n[[x]]"));
    CHECK(got.ended == finish::stop);
    CHECK(contains(got.text, "simulated companion"));
    CHECK(contains(got.text, "“My cat is called Miso [[x]]”"));
    CHECK(got.text == simulated_reply(saying("My cat is called Miso\n[[x]]")));
    CHECK(got.pieces > 30);
    REQUIRE(got.tokens);
    CHECK(got.tokens->out == got.pieces);
    CHECK(got.tokens->in > 5);
}

TEST_CASE("AIRI-19: the simulated title is the first words, the simulated summary a quote") {
    auto what = saying("User: The lighthouse keeper and his goat went out to sea\n\nAssistant: Did they?");
    what.purpose = purpose::title;
    CHECK(ask(what).text == "The lighthouse keeper and his goat");
    what.turns[1].text = "User: Hi\n\nAssistant: Hello.";
    CHECK(ask(what).text == "Hi");
    what.purpose = purpose::summary;
    CHECK(ask(what).text.starts_with("In short: User: Hi"));
}

TEST_CASE("the same prompt gets the same reply, another prompt another one") {
    CHECK(simulated_reply(saying("a")) == simulated_reply(saying("a")));
    CHECK(simulated_reply(saying("a")) != simulated_reply(saying("b")));
}

TEST_CASE("tokens add up to the text and never cut a character") {
    const std::string text = "Grüße, Donaudampfschifffahrt! 日本語の文章です 🙂🙂🙂  double";
    std::string joined;
    for (const auto& token : simulated_tokens(text)) {
        CHECK((static_cast<unsigned char>(token[0]) & 0xC0) != 0x80);
        CHECK(token.size() <= 8);
        joined += token;
    }
    CHECK(joined == text);
    CHECK(simulated_tokens("").empty());
    CHECK(simulated_tokens("\x80\x80\x80").size() == 1);
}

TEST_CASE("a long message is quoted in part") {
    const auto reply = simulated_reply(saying(std::string(5000, 'x') + "\xC3\xA4"));
    CHECK(reply.size() < 700);
    CHECK(contains(reply, "…"));
}

TEST_CASE("faults happen on order") {
    CHECK(ask(saying("hi [[simulate error]]")).failed == errc::unavailable);
    const auto cut = ask(saying("hi [[simulate cut]]"));
    CHECK(cut.failed == errc::interrupted);
    CHECK(cut.pieces > 10);
    CHECK_FALSE(contains(cut.text, "[[simulate"));
    const auto before = std::chrono::steady_clock::now();
    CHECK(ask(saying("hi [[simulate stall]]")).failed == errc::interrupted);
    CHECK(std::chrono::steady_clock::now() - before >= milliseconds(100));
}

TEST_CASE("max_tokens cuts the reply short") {
    auto what = saying("hi");
    what.max_tokens = 5;
    const auto got = ask(what);
    CHECK(got.ended == finish::length);
    CHECK(got.pieces == 5);
}

TEST_CASE("tokens come at the configured pace") {
    auto what = saying("hi");
    what.max_tokens = 6;
    const auto before = std::chrono::steady_clock::now();
    CHECK(ask(what, {.tokens_per_second = 50, .first_token = milliseconds(100)}).pieces == 6);
    CHECK(std::chrono::steady_clock::now() - before >= milliseconds(200));
    CHECK(ask(what, {.tokens_per_second = 50, .first_token = milliseconds(900)}).failed == errc::unavailable);
}

TEST_CASE("destroying the stream ends a wait for the next token") {
    asio::io_context on;
    const auto provider =
        simulated_provider({.tokens_per_second = 0.1, .first_token = milliseconds(1)}, on.get_executor());
    auto stream = run(on, provider->start(saying("hi"), {}));
    CHECK(!run(on, (*stream)->next()).value().text.empty());
    std::optional<error_code> ended;
    asio::co_spawn(on, (*stream)->next(),
        [&](std::exception_ptr, result<piece> got) { ended = got ? error_code{} : got.error(); });
    on.restart();
    on.poll();
    stream->reset();
    CHECK(eventually(on, [&] { return ended.has_value(); }));
    CHECK(*ended == errc::interrupted);
}

}  // namespace airi::tests
