#include "workers/notifications/notifications.hpp"

#include <set>

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

events::notification_requested wanted(std::string kind = "welcome") {
    events::notification_requested out;
    out.user = requested().user;
    out.kind = std::move(kind);
    out.metadata = {R"({"export_id":"e"})"};
    out.requested_at = some_time;
    return out;
}

struct notifications_fixture {
    loop io;
    fake_database database;
    events::notification_requested event = wanted();
    bool erased = false;

    notifications_fixture() {
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            CHECK(asked.statement->name == "notifications.recipient");
            CHECK(parameter(asked, "user") == event.user.text());
            postgres::rows out;
            out.columns_ = 3;
            if (!erased) out.cells_ = {"de-AT", "Ada", "Ezri"};
            return out;
        };
    }
    result<effects> run(std::int64_t offset = 1) {
        const kafka::message message{"notification.requested.v1", 0, offset, some_time, event.user.text(),
            events::encode(event), {{"ce_id", event_id::of(uuid{}, "notice").text()}}};
        return io.run(notifications::declare(database).handle(record{message}));
    }
};

}  // namespace

TEST_CASE("every kind of notice has its texts in both languages, with known variables only") {
    const std::set<std::string_view> kinds{
        "welcome", "export_ready", "export_failed", "crisis_contacts_pending", "violation_warning"},
        known{"name", "product", "contacts", "minutes"};
    for (const auto& file : notifications::text_files) {
        CAPTURE(std::string(file.name));
        CHECK(kinds.contains(file.name.substr(0, file.name.find('.'))));
        for (auto at = file.text.find("{{"); at != file.text.npos; at = file.text.find("{{", at + 2))
            CHECK(known.contains(file.text.substr(at + 2, file.text.find("}}", at) - at - 2)));
    }
    CHECK(notifications::text_files.size() == kinds.size() * 2);
    for (const auto kind : kinds) {
        CAPTURE(std::string(kind));
        const auto english = notifications::compose(wanted(std::string(kind)), {"en", "Ada", "Ezri"}),
                   german = notifications::compose(wanted(std::string(kind)), {"de", "Ada", "Ezri"});
        REQUIRE(english);
        REQUIRE(german);
        CHECK(english->title != german->title);
        for (const auto& one : {*english, *german}) {
            CHECK_FALSE(one.message.empty());
            CHECK(one.title.size() <= 500);
            CHECK_FALSE(contains(one.title + one.message, "{{"));
        }
    }
}

TEST_CASE("AIRI-01: a welcome names the product and the user, in the user's language") {
    const auto english = notifications::compose(wanted(), {"fr", "Ada", "AIRI Platform"});
    CHECK(english->title == "Welcome to AIRI Platform");
    CHECK(english->message ==
          "Hello Ada, it is good to have you here.\n\nYour account is ready. Notices about it will come here.");
    const auto german = notifications::compose(wanted(), {"de-AT", "Ada", "Ezri"});
    CHECK(german->title == "Willkommen bei Ezri");
    CHECK(german->message.starts_with("Hallo Ada, "));
    const auto nameless = notifications::compose(wanted(), {"en", "", "Ezri"});
    CHECK(nameless->message == "Your account is ready. Notices about it will come here.");
    CHECK_FALSE(contains(notifications::compose(wanted(), {"en", "https://x", "Ezri"})->message, "https"));
}

TEST_CASE("a notice with a title of its own is taken as it is") {
    auto event = wanted("admin");
    event.title = "Maintenance {{name}}";
    event.message = "Tonight.";
    const auto out = notifications::compose(event, {"de", "Ada", "Ezri"});
    CHECK(out->title == "Maintenance {{name}}");
    CHECK(out->message == "Tonight.");
}

TEST_CASE("a notice of an unknown kind or with malformed variables is refused") {
    CHECK(notifications::compose(wanted("no_such"), {}).error() == notifications::errc::unknown_kind);
    CHECK(notifications::compose(wanted("../welcome"), {}).error() == failure::refused);
    auto event = wanted();
    event.variables = {"[]"};
    CHECK(notifications::compose(event, {}).error() == notifications::errc::bad_variables);
}

TEST_CASE("EZRI-48: a notice is stored under its event's id, then sent to the user's sockets") {
    notifications_fixture f;
    const auto out = f.run();
    REQUIRE(out);
    REQUIRE(out->statements.size() == 1);
    const auto& stored = out->statements[0];
    CHECK(stored.statement->name == "notifications.store");
    CHECK(parameter(stored, "id") == event_id::of(uuid{}, "notice").text());
    CHECK(parameter(stored, "consumer") == "notifications");
    CHECK(parameter(stored, "title") == "Willkommen bei Ezri");
    CHECK(parameter(stored, "metadata") == R"({"export_id":"e"})");
    CHECK(parameter(stored, "at") == to_text(some_time));
    CHECK(f.run(9)->statements[0].parameters == stored.parameters);
    const auto after = out->after_from_rows({cell(R"({"id":"n"})")});
    CHECK(after.changed_users == std::vector{f.event.user});
    REQUIRE(after.announcements.size() == 1);
    CHECK(after.announcements[0].channel == "user:" + f.event.user.text());
    CHECK(after.announcements[0].frame == R"({"type":"notification_new","data":{"user_id":")" + f.event.user.text() +
                                              R"(","kind":"welcome","notification":{"id":"n"}}})");
    CHECK(out->after_from_rows({postgres::rows{}}).announcements.empty());
}

TEST_CASE("an erased account gets no notice") {
    notifications_fixture f;
    f.erased = true;
    const auto out = f.run();
    REQUIRE(out);
    CHECK(out->statements.empty());
    CHECK_FALSE(out->after_from_rows);
}
