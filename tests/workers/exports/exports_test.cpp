#include "workers/exports/exports.hpp"

#include "events/email.hpp"
#include "events/exports.hpp"
#include "events/notifications.hpp"
#include "events/sample.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

struct exports_fixture {
    loop io;
    fake_database database;
    worker exports_worker = exports::declare(database);
    events::export_requested event = events::sample<events::export_requested>();
    int left = 3;  ///< steps until the archive has come to its end
    std::string end = "ready";

    exports_fixture() {
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            CHECK(asked.statement->name == "exports.step");
            CHECK(parameter(asked, "id") == event.id.text());
            json::object out;
            out.add("state", --left > 0 ? std::string("running") : end)
                .add("email", "ada@example.com")
                .add("locale", "de")
                .add("name", "Ada");
            return cell(
                out.add("finished_at", to_text(some_time)).add("expires_at", to_text(some_time + seconds{60})).text());
        };
    }

    kafka::message message() const {
        return {"export.requested.v1", 1, 7, some_time, event.user.text(), events::encode(event), {}};
    }
    result<effects> run() {
        const auto delivered = message();
        return io.run(exports_worker.handle(record{delivered}));
    }
};

}  // namespace

TEST_CASE("an archive is made step by step; then the same e-mail and notice are published each time") {
    exports_fixture f;
    const auto done = f.run();
    REQUIRE(done);
    CHECK(f.database.committed.size() == 3);
    CHECK(done->statements.empty());
    REQUIRE(done->after.events.size() == 2);
    const auto mail = events::decode<events::email_requested>(done->after.events[0].value);
    REQUIRE(mail);
    CHECK(mail->kind == "export_ready");
    CHECK(mail->to == "ada@example.com");
    CHECK(mail->locale == "de");
    CHECK(mail->link == f.event.link);
    CHECK(mail->expires_at == some_time + seconds{60});
    CHECK(done->after.announcements.empty());
    const auto notice = events::decode<events::notification_requested>(done->after.events[1].value);
    REQUIRE(notice);
    CHECK(notice->user == f.event.user);
    CHECK(notice->kind == "export_ready");
    CHECK(notice->type == "success");
    CHECK(notice->metadata.text == R"({"export_id":")" + f.event.id.text() + R"("})");
    f.left = 1;
    const auto again = f.run();
    REQUIRE(again);
    for (const std::size_t i : {0, 1}) {
        CHECK(again->after.events[i].headers == done->after.events[i].headers);
        CHECK(again->after.events[i].value == done->after.events[i].value);
    }
}

TEST_CASE("an archive that is gone, failed or expired publishes nothing") {
    for (const std::string end : {"gone", "failed", "expired"}) {
        exports_fixture f;
        f.end = end;
        const auto done = f.run();
        REQUIRE(done);
        CHECK(done->after.events.empty());
        CHECK(done->after.announcements.empty());
    }
}

TEST_CASE("an outage of Postgres between steps keeps the steps done") {
    exports_fixture f;
    f.database.use.fail_next(1, postgres::errc::unavailable);
    CHECK(failure_of(f.run().error()) == failure::outage);
    CHECK(f.run().has_value());
}

TEST_CASE("an archive that is given up fails, and its user gets a notice") {
    exports_fixture f;
    const auto delivered = f.message();
    const auto last = f.exports_worker.give_up(record{delivered});
    REQUIRE(last.statements.size() == 1);
    CHECK(last.statements[0].statement->name == "exports.fail");
    REQUIRE(last.after.events.size() == 1);
    CHECK(last.after.events[0].topic == "notification.requested.v1");
    CHECK(contains(last.after.events[0].value, "export_failed"));
    CHECK(f.exports_worker.name == "exports");
}
