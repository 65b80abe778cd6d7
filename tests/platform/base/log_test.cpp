#include "platform/base/log.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/base/json.hpp"
#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using airi::test::captured_log;
using airi::test::contains;

namespace {

// One line, read as JSON.
json::document line_of(const captured_log& log) {
    const auto text = log.lines();
    REQUIRE(text.ends_with('\n'));
    REQUIRE(std::count(text.begin(), text.end(), '\n') == 1);
    auto parsed = json::document::parse(text);
    REQUIRE(parsed.has_value());
    return std::move(*parsed);
}

}  // namespace

TEST_CASE("a line of the log is one JSON object with time, level, service and event") {
    captured_log log;
    log::start("airi-test", "info");
    log::warn("thing.happened", {{"count", 3}, {"share", 0.5}, {"yes", true}, {"name", "x"}});
    const auto line = line_of(log);
    const auto at = line.root();
    CHECK(parse_instant(at["time"].string().value()).has_value());
    CHECK(at["level"].string() == "warn");
    CHECK(at["service"].string() == "airi-test");
    CHECK(at["event"].string() == "thing.happened");
    CHECK(at["count"].integer() == 3);
    CHECK(at["share"].number() == 0.5);
    CHECK(at["yes"].boolean() == true);
    CHECK(at["name"].string() == "x");
}

TEST_CASE("text with line ends, quotes and control characters cannot begin a second line") {
    captured_log log;
    const std::string evil = "a\r\n{\"level\":\"error\"}\t\"\\\x01\x7f\xff";
    log::info("x", {{"reason", evil}});
    const auto line = line_of(log);
    CHECK(line.root()["level"].string() == "info");
    CHECK(line.root()["reason"].string() == "a\r\n{\"level\":\"error\"}\t\"\\\x01\x7f\xEF\xBF\xBD");
    CHECK_FALSE(contains(log.lines(), "\r"));
}

TEST_CASE("the value of a field with a secret's name is never written") {
    for (const std::string_view name : {"password", "new_password", "jwt_secret", "token", "refresh_token",
             "authorization", "api_key", "cookie", "content", "message_content"}) {
        captured_log log;
        log::error("x", {{name, "hunter2"}});
        CAPTURE(name);
        CHECK_FALSE(contains(log.lines(), "hunter2"));
        CHECK(line_of(log).root()[name].string() == "***");
    }
    captured_log log;
    log::info("x", {{"tokens_out", 17}});
    CHECK(contains(log.lines(), "17"));
}

TEST_CASE("lines below the level are not written, and an unknown level is info") {
    captured_log log;
    log::start("t", "error");
    log::warn("quiet");
    CHECK(log.lines().empty());
    log::start("t", "nonsense");
    log::debug("quiet");
    CHECK(log.lines().empty());
    log::info("loud");
    CHECK(contains(log.lines(), "loud"));
    log::start("t", "debug");
    log::debug("whisper");
    CHECK(contains(log.lines(), "whisper"));
    log::start("airi", "info");
}

TEST_CASE("of a repeated line at most one a second is written, which gives the number of those left out") {
    captured_log log;
    const auto repeat = [](std::string_view key) {
        log::write_repeated(log::level::warn, "again", key, {{"key", key}});
    };
    for (int i = 0; i < 3; ++i) repeat("a");
    CHECK(line_of(log).root()["key"].string() == "a");
    CHECK_FALSE(contains(log.lines(), "not_logged"));
    repeat("b");
    CHECK(log.count("again") == 2);
    int left_out = 2;
    const auto begun = std::chrono::steady_clock::now();
    for (; log.count("again") == 2; ++left_out) repeat("a");
    CHECK(std::chrono::steady_clock::now() - begun < seconds(2));
    CHECK(contains(log.lines(), "\"not_logged\":" + std::to_string(left_out - 1) + "}"));
}

TEST_CASE("lines of several threads stay whole") {
    captured_log log;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([] {
            for (int i = 0; i < 200; ++i) log::info("x", {{"text", std::string(300, 'a')}});
        });
    for (auto& t : threads) t.join();
    const auto text = log.lines();
    std::size_t count = 0;
    for (std::size_t from = 0; from < text.size(); ++count) {
        const auto end = text.find('\n', from);
        if (!json::document::parse(text.substr(from, end - from))) FAIL("a torn line");
        from = end + 1;
    }
    CHECK(count == 800);
}
