#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::test;

TEST_CASE("STATEX-50: a question outside every conversation is answered in one object") {
    gateway_fixture h;
    h.replies_with({"I am", " well."});
    const auto out =
        h.ask(h.request(verb::post, "/api/ai/chat", R"({"message":"hi","max_tokens":9,"temperature":0.5})"));
    REQUIRE(out.status == 200);
    const auto parsed = json::document::parse(out.body);
    const auto data = parsed->root()["data"];
    CHECK(data["response"].string() == "I am well.");
    CHECK(data["tokens_used"].integer() == 10);
    const auto event = h.opened(h.out.sent.at(0));
    CHECK(event.content == "hi");
    CHECK_FALSE(event.listed);
    const auto parameters = json::document::parse(event.parameters.text);
    CHECK(parameters->root()["max_tokens"].integer() == 9);
    CHECK(parameters->root()["temperature"].number() == 0.5);
}

TEST_CASE("STATEX-39: a question outside its bounds is rejected and never published") {
    gateway_fixture h;
    for (const auto* wrong :
        {"{}", R"({"message":""})", R"({"message":"x","max_tokens":4001})", R"({"message":"x","temperature":2.5})",
            R"({"message":"x","model":"no-such"})", R"({"message":"x","a":1})"})
        CHECK_MESSAGE(h.ask(h.request(verb::post, "/api/ai/chat", wrong)).status == 422, wrong);
    CHECK(h.out.sent.empty());
}

TEST_CASE("a message to an avatar is answered in one object with its conversation, and an unknown avatar is 404") {
    gateway_fixture h;
    h.replies_with({"Hello."});
    std::string avatar;
    h.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        if (asked.statement->name != "conversations.create") return postgres::rows{};
        avatar = parameter(asked, "avatar_id");
        return avatar == "avatar-1" ? gateway_fixture::row({"{}"}) : postgres::rows{};
    };
    const auto out = h.ask(h.request(verb::post, "/api/v1/conversation", R"({"message":"hi","avatar_id":"avatar-1"})"));
    CHECK(out.status == 200);
    CHECK(contains(out.body, R"("message":"Hello.")"));
    CHECK(h.opened(h.out.sent.at(0)).listed);
    const auto other =
        h.ask(h.request(verb::post, "/api/v1/conversation", R"({"message":"hi","avatar_id":"avatar-9"})"));
    CHECK(other.status == 404);
    CHECK(h.out.sent.size() == 1);
}
