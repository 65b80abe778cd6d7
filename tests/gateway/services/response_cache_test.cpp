#include "gateway/services/response_cache.hpp"

#include <doctest/doctest.h>

#include "events/frames/frame.hpp"
#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::test;

namespace {

// The profile has a number that rises with each read of the rows.
struct reading_fixture : gateway_fixture {
    int read = 0;
    reading_fixture() {
        answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            if (asked.statement->name == "messages.list") return row({"[]", nullptr, generating});
            return cell(json::object().add("read", ++read).text());
        };
    }
    const char* generating = nullptr;
    std::string profile() { return ask(request(verb::get, "/api/v1/users/profile")).body; }
};

}  // namespace

TEST_CASE("an answer is cached until the user's data changes, on whichever gateway") {
    reading_fixture h;
    const auto first = h.profile();
    CHECK(h.profile() == first);
    CHECK(h.read == 1);
    h.ask(h.request(verb::patch, "/api/v1/users/profile", R"({"display_name":"Ann"})"));
    const auto second = h.profile();
    CHECK(second != first);
    CHECK(h.profile() == second);
    h.redis.keys.erase(events::state_key(h.user));  // as another gateway, or a worker, does
    CHECK(h.profile() != second);
}

TEST_CASE("an answer belongs to its user, its path and its query") {
    reading_fixture h;
    const auto of = [&](const char* path, const char* limit) {
        auto in = h.request(verb::get, path);
        in.query.emplace_back("limit", limit);
        return h.ask(std::move(in)).body;
    };
    CHECK(of("/api/v1/conversations", "5") != of("/api/v1/conversations", "6"));
    CHECK(of("/api/v1/conversations", "5") != of("/api/v1/search/messages", "5"));
    const auto mine = h.profile();
    h.user = user_id::fresh();
    h.session = session_id::fresh();
    CHECK(h.profile() != mine);
}

TEST_CASE("an answer read before a change is not sent after it, even if the change came during the read") {
    reading_fixture h;
    const auto plain = h.answer;
    h.answer = [&](const postgres::bound& asked) {
        h.redis.keys.erase(events::state_key(h.user));
        return plain(asked);
    };
    const auto first = h.profile();
    CHECK(h.profile() != first);
}

TEST_CASE("nothing is cached while Redis is unavailable, and the cache is empty after it") {
    reading_fixture h;
    h.profile();
    h.redis.go_away();
    h.profile();
    h.profile();
    CHECK(h.read == 3);
    h.redis.come_back();
    h.profile();
    h.profile();
    CHECK(h.read == 5);  // another gateway may still be without it
    h.redis.standing_since -= seconds{5};
    h.profile();
    h.profile();
    CHECK(h.read == 6);
}

TEST_CASE("a change that could not be published while Redis was unavailable is published afterwards") {
    reading_fixture h;
    h.profile();
    const auto state = h.redis.keys.at(events::state_key(h.user));
    h.redis.go_away();
    h.ask(h.request(verb::patch, "/api/v1/users/profile", R"({"display_name":"Ann"})"));
    h.redis.come_back();
    h.redis.standing_since -= seconds{5};
    h.profile();
    CHECK(h.redis.keys.at(events::state_key(h.user)) != state);
}

TEST_CASE("rejections and unfinished answers are not cached") {
    reading_fixture h;
    const auto list = [&] {
        return h.ask(h.request(verb::get, "/api/v1/conversations/019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10/messages")).body;
    };
    h.generating = R"({"generating":[{"state":"running"}]})";
    CHECK(contains(list(), R"("meta":{"next_cursor":null,"generating":[{"state":"running"}]})"));
    h.generating = R"({"generating":null})";
    CHECK_FALSE(contains(list(), "running"));
    h.generating = R"({"generating":[{"state":"running"}]})";
    CHECK_FALSE(contains(list(), "running"));
    h.database.use.fail_next(1, postgres::errc::unavailable);
    CHECK(h.ask(h.request(verb::get, "/api/v1/conversations")).status == 503);
    CHECK(h.ask(h.request(verb::get, "/api/v1/conversations")).status == 200);
}

TEST_CASE("the cache is bounded and drops the least recently used answer first") {
    reading_fixture h;
    gateway::response_cache cache(h.client, 10'000);
    for (const std::string key : {"a", "b", "c", "d"}) {
        cache.store(key, "s", std::string(2'500, 'x'), seconds{60});
        CHECK(cache.find("a", "s") != nullptr);
    }
    CHECK(cache.find("b", "s") == nullptr);
    CHECK(cache.find("d", "s") != nullptr);
    CHECK(cache.find("d", "t") == nullptr);
    cache.store("e", "s", std::string(20'000, 'x'), seconds{60});
    CHECK(cache.find("e", "s") == nullptr);
    cache.store("f", "s", "x", seconds{-1});
    CHECK(cache.find("f", "s") == nullptr);
}
