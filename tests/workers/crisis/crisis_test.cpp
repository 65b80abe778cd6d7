#include "workers/crisis/crisis.hpp"

#include "events/notifications.hpp"
#include "platform/base/json.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

events::crisis_detected detected(std::string severity = "high") {
    const auto chat = requested();
    return {alert_id::of(chat.message.value, "alert"), chat.user, chat.conversation, chat.message, std::move(severity),
        "suicide", "US", some_time};
}

effects handled(const events::crisis_detected& event) {
    static loop io;
    const kafka::message message{"crisis.detected.v1", 0, 1, some_time, event.user.text(), events::encode(event), {}};
    const auto out = io.run(crisis::declare().handle(record{message}));
    REQUIRE(out);
    return *out;
}

postgres::rows planned(std::string contacts, std::string seconds) {
    postgres::rows out;
    out.columns_ = 3;
    out.cells_ = {"2026-11-20T18:50:00Z", std::move(contacts), std::move(seconds)};
    return out;
}

}  // namespace

TEST_CASE("EZRI-41: a notice is planned for severities high and critical only, once for an alert") {
    CHECK(handled(detected("medium")).statements.empty());
    CHECK(handled(detected("low")).statements.empty());
    for (const auto* severity : {"high", "critical"}) {
        const auto out = handled(detected(severity));
        REQUIRE(out.statements.size() == 1);
        CHECK(out.statements[0].statement->name == "trusted_contacts.plan_notice");
        CHECK(parameter(out.statements[0], "severity") == severity);
        CHECK(parameter(out.statements[0], "detected") == to_text(some_time));
        CHECK(out.statements[0].parameters == handled(detected(severity)).statements[0].parameters);
    }
}

TEST_CASE("EZRI-41: the user is told of a planned notice by the same event each time, and of none otherwise") {
    const auto out = handled(detected());
    CHECK(out.after_from_rows({postgres::rows{}}).events.empty());
    const auto first = out.after_from_rows({planned("Ada, Bea", "300")}).events;
    REQUIRE(first.size() == 1);
    CHECK(first[0].topic == "notification.requested.v1");
    CHECK(first[0].key == detected().user.text());
    const auto again = handled(detected()).after_from_rows({planned("Ada, Bea", "300")}).events;
    CHECK(again[0].headers == first[0].headers);
    const auto told = events::decode<events::notification_requested>(first[0].value);
    REQUIRE(told);
    CHECK(told->kind == "crisis_contacts_pending");
    CHECK(told->type == "crisis");
    CHECK(told->variables.text == R"({"contacts":"Ada, Bea","minutes":5})");
    const auto metadata = json::document::parse(told->metadata.text);
    CHECK(metadata->root()["notice_id"].string() == parameter(out.statements[0], "id"));
    CHECK(metadata->root()["alert_id"].string() == detected().alert.text());
    CHECK(metadata->root()["send_at"].string() == "2026-11-20T18:50:00Z");
    CHECK_FALSE(contains(first[0].value, "suicide"));
    const auto soon = out.after_from_rows({planned("Ada", "1")}).events;
    CHECK(contains(soon[0].value, R"("minutes":1)"));
}
