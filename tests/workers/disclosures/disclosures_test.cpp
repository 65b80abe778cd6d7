#include "workers/disclosures/disclosures.hpp"

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

kafka::message carrying(std::string value, std::int64_t offset = 0) {
    return {"chat.requested.v1", 2, offset, some_time, "key", std::move(value), {}};
}
kafka::message carrying(const events::chat_requested& event) { return carrying(events::encode(event)); }

}  // namespace

TEST_CASE("NY GBL 47: a batch of messages is one statement, with whose they are, of which conversation, and when") {
    const auto one = requested("a"), two = requested("b");
    const auto out = disclosures::look_at(std::vector<kafka::message>{carrying(one), carrying(two)});
    REQUIRE(out);
    REQUIRE(out->statements.size() == 1);
    CHECK(out->statements[0].statement->name == "disclosures.due");
    const auto row = json::object()
                         .add("user_id", one.user.text())
                         .add("conversation_id", one.conversation.text())
                         .add("at", to_text(some_time))
                         .text();
    CHECK(parameter(out->statements[0], "messages") == "[" + row + "," + row + "]");
    CHECK_FALSE(contains(parameter(out->statements[0], "messages"), "hello"));
}

TEST_CASE("NY GBL 47: API calls and records that are no message are left out, and the others are not refused") {
    auto call = requested("call");
    call.listed = false;
    const auto none =
        disclosures::look_at(std::vector<kafka::message>{carrying(call), carrying("{}"), carrying("\x01")});
    REQUIRE(none);
    CHECK(none->statements.empty());
    CHECK(disclosures::look_at(std::vector<kafka::message>{carrying("{}"), carrying(requested())})->statements.size() ==
          1);
}

TEST_CASE("NY GBL 47: a notice that is due is a frame to its person's sockets") {
    const auto event = requested();
    const auto out = disclosures::look_at(std::vector<kafka::message>{carrying(event)});
    REQUIRE(out);
    postgres::rows due;
    due.columns_ = 5;
    due.cells_ = {event.user.text(), event.conversation.text(), "reminder", "this is an AI", "US-NY"};
    const auto after = out->after_from_rows({due});
    REQUIRE(after.announcements.size() == 1);
    CHECK(after.announcements[0].channel == "user:" + event.user.text());
    CHECK(after.announcements[0].frame == R"({"type":"ai_disclosure","data":{"conversation_id":")" +
                                              event.conversation.text() +
                                              R"(","kind":"reminder","text":"this is an AI","jurisdiction":"US-NY"}})");
    CHECK(out->after_from_rows({postgres::rows{}}).announcements.empty());
}
