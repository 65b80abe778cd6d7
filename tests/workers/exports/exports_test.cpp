#include "workers/exports/exports.hpp"

#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

struct house {
    loop io;
    fake_database database;
    worker privacy_worker = exports::declare(database);
    events::export_requested event = sample<events::export_requested>();
    int left = 3;  ///< steps until the archive has come to its end
    std::string end = "ready";

    house() {
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
        const auto from = message();
        return io.run(privacy_worker.handle(record{from}));
    }
};

}  // namespace

TEST_CASE("an archive is made step by step; then a mail with its link and a frame go out, the same ones each time") {
    house at;
    const auto done = at.run();
    REQUIRE(done);
    CHECK(at.database.committed.size() == 3);
    CHECK(done->statements.empty());
    REQUIRE(done->after.events.size() == 1);
    const auto mail = events::decode<events::email_requested>(done->after.events[0].value);
    REQUIRE(mail);
    CHECK(mail->kind == "export_ready");
    CHECK(mail->to == "ada@example.com");
    CHECK(mail->locale == "de");
    CHECK(mail->link == at.event.link);
    CHECK(mail->expires_at == some_time + seconds{60});
    REQUIRE(done->after.announcements.size() == 1);
    CHECK(done->after.announcements[0].channel == "user:" + at.event.user.text());
    CHECK(done->after.announcements[0].frame.find("export_ready") != std::string::npos);
    at.left = 1;
    const auto again = at.run();
    REQUIRE(again);
    CHECK(again->after.events[0].headers == done->after.events[0].headers);
    CHECK(again->after.events[0].value == done->after.events[0].value);
}

TEST_CASE("an archive that is gone, failed or over is nobody's news") {
    for (const std::string end : {"gone", "failed", "expired"}) {
        house at;
        at.end = end;
        const auto done = at.run();
        REQUIRE(done);
        CHECK(done->after.events.empty());
        CHECK(done->after.announcements.empty());
    }
}

TEST_CASE("Postgres away in the midst is an outage, and what is done stays done") {
    house at;
    at.database.use.fail_next(1, postgres::errc::unavailable);
    CHECK(failure_of(at.run().error()) == failure::outage);
    CHECK(at.run().has_value());
}

TEST_CASE("an archive that is given up is failed, and its user told") {
    house at;
    const auto from = at.message();
    const auto last = at.privacy_worker.give_up(record{from});
    REQUIRE(last.statements.size() == 1);
    CHECK(last.statements[0].statement->name == "exports.fail");
    REQUIRE(last.after.announcements.size() == 1);
    CHECK(last.after.announcements[0].frame.find("export_failed") != std::string::npos);
    CHECK(at.privacy_worker.name == "exports");
}
