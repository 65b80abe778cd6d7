#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::test;

namespace {

using house = gateway_fixture;
constexpr auto some_id = "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10";

gateway::request limited(gateway::request in, std::string limit) {
    in.query.emplace_back("limit", std::move(limit));
    return in;
}

}  // namespace

TEST_CASE("a list without an envelope is the array itself, and its next page is in the Link header") {
    house h;
    h.answer = [](const postgres::bound&) -> result<postgres::rows> {
        return house::row({R"([{"id":"c1"}])", "2026-01-31|c1"});
    };
    const auto bare = "/api/v1/chat/conversations", whole = "/api/v1/conversations";
    for (int i = 0; i < 2; ++i) {  // read, then cached
        const auto out = h.ask(limited(h.request(verb::get, bare), "1"));
        CHECK(out.body == R"([{"id":"c1"}])");
        const auto next = "<" + std::string(bare) + "?cursor=MjAyNi0wMS0zMXxjMQ&limit=1>; rel=\"next\"";
        CHECK(house::header(out, "Link") == next);
    }
    CHECK(contains(h.ask(h.request(verb::get, whole)).body, R"("next_cursor":"MjAyNi0wMS0zMXxjMQ")"));
    const auto wrong = h.ask(limited(h.request(verb::get, bare), "0"));
    CHECK(wrong.status == 400);
    CHECK(house::code_of(wrong) == "BAD_REQUEST");
}

TEST_CASE("an omitted body is an object without members, for the schema and for the statement") {
    house h;
    std::string body;
    h.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        if (asked.statement->name == "conversations.update") body = parameter(asked, "body");
        return house::row({R"({"id":"c1"})"});
    };
    const auto path = "/api/v1/conversations/" + std::string(some_id);
    CHECK(h.ask(h.request(verb::post, path + "/read")).status == 200);
    CHECK(h.ask(h.request(verb::patch, path)).status == 422);
    CHECK(body.empty());
    CHECK(h.ask(h.request(verb::patch, path, R"({"starred":true})")).status == 200);
    CHECK(body == R"({"starred":true})");
    const auto signup = h.ask(house::anonymous(verb::post, "/auth/signup"));
    CHECK(signup.status == 422);
    CHECK(contains(signup.body, R"("pointer":"/email")"));
}
