#include "workers/providers/games/roblox.hpp"

#include "platform/base/json.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_web.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::test;
namespace games = airi::workers::providers::games;
using games::errc;
using games::outcome;

namespace {

games::command command(std::string verb, std::string arguments = "{}", seconds time = seconds{5}) {
    return {"c1", std::move(verb), std::move(arguments), {.time = time}};
}

struct roblox_fixture {
    loop io;
    fake_web web;
    web_page page{.status = 200};
    std::unique_ptr<games::game_connection> game = games::open_roblox(io.on(), web, "https://roblox.example/");

    roblox_fixture() {
        web.answer = [this](const http::request&) { return page; };
    }
    result<> join() {
        return io.run(
            game->join({"123", 0, secret("a key"), {}}, {"Airi_1", "Ann", "s1"}, [](const games::game_event&) {}));
    }
    games::command_result run(games::command c) { return io.run(game->run(std::move(c))); }
    std::string message() const {
        return std::string(json::document::parse(web.asked.back().body)->root()["message"].string().value_or(""));
    }
};

}  // namespace

TEST_CASE("AIRI-52: a command in Roblox is one JSON message to the topic of the universe, with the key") {
    roblox_fixture f;
    REQUIRE(!f.join().has_error());
    CHECK(f.message() ==
          R"({"session":"s1","id":"join","verb":"join","arguments":{"companion":"Airi_1","owner":"Ann"}})");
    const auto done = f.run(command("say", R"({"text":"a \"quote\" é"})"));
    CHECK(done.outcome == outcome::done);
    CHECK(done.detail == R"({"published":true})");
    CHECK(f.message() == R"({"session":"s1","id":"c1","verb":"say","arguments":{"text":"a \"quote\" é"}})");
    const auto& asked = f.web.asked.back();
    CHECK(asked.method == "POST");
    CHECK(asked.url == "https://roblox.example/cloud/v2/universes/123:publishMessage");
    CHECK(asked.headers == http::headers{{"x-api-key", "a key"}, {"Content-Type", "application/json"}});
    CHECK(json::document::parse(asked.body)->root()["topic"].string() == "airi");
    f.io.run(f.game->leave());
    CHECK(f.message() == R"({"session":"s1","id":"leave","verb":"leave","arguments":{}})");
    CHECK(f.run(command("stop")).error == "UNREACHABLE");
    CHECK(f.web.asked.size() == 3);
}

TEST_CASE("AIRI-51: another owner is a message to the experience, and one that fails is known to have failed") {
    roblox_fixture f;
    REQUIRE(!f.join().has_error());
    CHECK(f.io.run(f.game->set_owner("Bert")));
    CHECK(f.message() == R"({"session":"s1","id":"owner","verb":"owner","arguments":{"owner":"Bert"}})");
    f.page.status = 500;
    CHECK_FALSE(f.io.run(f.game->set_owner("")));
    CHECK(f.message() == R"({"session":"s1","id":"owner","verb":"owner","arguments":{"owner":""}})");
}

TEST_CASE("AIRI-52: what Roblox answers to a message becomes its outcome") {
    roblox_fixture f;
    REQUIRE(!f.join().has_error());
    const auto ends = [&](web_page page) {
        f.page = std::move(page);
        const auto out = f.run(command("goto", R"({"player":"Ann"})"));
        return std::pair(out.outcome, out.error);
    };
    using pair = std::pair<outcome, std::string>;
    CHECK(ends({.status = 401}) == pair(outcome::failed, "DENIED"));
    CHECK(ends({.status = 403}) == pair(outcome::failed, "DENIED"));
    CHECK(ends({.status = 400}) == pair(outcome::failed, "REJECTED"));
    CHECK(ends({.status = 404}) == pair(outcome::failed, "REJECTED"));
    CHECK(ends({.status = 500}) == pair(outcome::failed, "UNAVAILABLE"));
    CHECK(ends({.failed = http::errc::unreachable}) == pair(outcome::failed, "UNREACHABLE"));
    CHECK(ends({.failed = http::errc::tls_failed}) == pair(outcome::failed, "UNREACHABLE"));
    CHECK(ends({.failed = http::errc::cut}) == pair(outcome::unknown, "LOST"));
    CHECK(ends({.failed = http::errc::total_timeout}) == pair(outcome::unknown, "TIMED_OUT"));
    CHECK(f.web.asked.size() == 10);
}

TEST_CASE("AIRI-52: a companion does not join a universe that refuses its key or cannot be reached") {
    for (const auto& [page, expected] : {std::pair(web_page{.status = 401}, errc::denied),
             {web_page{.status = 404}, errc::denied}, {web_page{.status = 503}, errc::unreachable},
             {web_page{.failed = http::errc::unreachable}, errc::unreachable},
             {web_page{.status = 429, .headers = {{"Retry-After", "60"}}}, errc::timed_out}}) {
        roblox_fixture f;
        f.page = page;
        CHECK(f.join().error() == expected);
        CHECK(f.run(command("stop")).error == "UNREACHABLE");
        CHECK(f.web.asked.size() == 1);
    }
}

TEST_CASE("AIRI-52: a pause that Roblox asks for is waited for when the command has the time") {
    roblox_fixture f;
    REQUIRE(!f.join().has_error());
    int refusals = 1;
    f.web.answer = [&](const http::request&) {
        return refusals-- > 0 ? web_page{.status = 429, .headers = {{"Retry-After", "1"}}} : web_page{.status = 200};
    };
    const auto began = std::chrono::steady_clock::now();
    CHECK(f.run(command("say", R"({"text":"hi"})")).outcome == outcome::done);
    CHECK(std::chrono::steady_clock::now() - began >= seconds{1});
    CHECK(f.web.asked.size() == 3);
    for (const auto* pause : {"5", "99999999999999999999", "9223372036854775807"}) {
        f.web.answer = [&](const http::request&) {
            return web_page{.status = 429, .headers = {{"Retry-After", pause}}};
        };
        const auto late = f.run(command("say", R"({"text":"hi"})", seconds{1}));
        CHECK(late.outcome == outcome::failed);
        CHECK(late.error == "RATE_LIMITED");
    }
}

TEST_CASE("AIRI-52: a stop ends the command that waits") {
    roblox_fixture f;
    REQUIRE(!f.join().has_error());
    f.page = {.status = 429, .headers = {{"Retry-After", "20"}}};
    std::optional<games::command_result> out;
    bool done = false;
    const auto one = [](games::game_connection* game, std::optional<games::command_result>* into) -> awaitable<> {
        *into = co_await game->run(command("follow", R"({"player":"Ann"})", seconds{30}));
    };
    f.io.start(one(f.game.get(), &out), done);
    REQUIRE(f.io.until([&] { return f.web.asked.size() == 2; }));
    f.game->stop();
    REQUIRE(f.io.until([&] { return out.has_value(); }));
    CHECK(out->outcome == outcome::stopped);
    f.page = {.status = 200};
    CHECK(f.run(command("stop")).outcome == outcome::done);
}

TEST_CASE("AIRI-52: a message that Roblox does not take, and verbs without a type, are not sent") {
    roblox_fixture f;
    REQUIRE(!f.join().has_error());
    for (const auto* verb : {"look", "mine", "craft", "place", "join", "leave", ""})
        CHECK(f.run(command(verb)).error == "VERB_NOT_AVAILABLE");
    for (const auto* wrong : {"", "[]", "{", "1"}) CHECK(f.run(command("say", wrong)).error == "INVALID_ARGUMENTS");
    const auto frame = games::roblox::message_of(command("say", R"({"text":""})"), "s1").size();
    const auto of_bytes = [](std::size_t n) { return json::object().add("text", std::string(n, 'x')).text(); };
    CHECK(games::roblox::message_of(command("say", of_bytes(1'024 - frame)), "s1").size() == 1'024);
    CHECK(f.run(command("say", of_bytes(1'025 - frame))).error == "TOO_LONG");
    CHECK(f.web.asked.size() == 1);
}
