#include "workers/email/email.hpp"

#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "tests/support/cpp/sample_mail.hpp"
#include "workers/email/errors.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

class fake_send_pool : public email::send_pool {
public:
    lever use;
    std::vector<email::mime_message> sent;

    awaitable<result<>> send(email::mime_message message) override {
        if (const auto failed = co_await use.pass()) co_return failed;
        sent.push_back(std::move(message));
        co_return result<>{};
    }
};

struct email_fixture {
    loop io;
    fake_database database;
    fake_send_pool pool;
    seal::key links = seal::key::of(secret("a link key of 32 bytes, or rather more"), "links");
    email::ports ports{database, pool, {"AIRI", "no-reply@airi.example"}, links};
    worker email_worker = email::declare(ports);

    email_fixture() {
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            if (asked.statement->name != "inbox.has") return postgres::rows{};
            CHECK(parameter(asked, "consumer") == "mail");
            CHECK(parameter(asked, "at") == "2026-11-20T18:45:03.000000Z");
            return cell(remembered == parameter(asked, "event") ? "t" : "f");
        };
    }

    result<effects> deliver(const events::email_requested& event) {
        const kafka::message message{"email.requested.v1", 1, 7, some_time, event.user.text(), events::encode(event),
            {{"ce_id", id.text()}, {"ce_time", "2026-11-20T18:45:03Z"}}};
        return io.run(email_worker.handle(record{message}));
    }

    event_id id = event_id::of(uuid{}, "a mail");
    std::string remembered;
};

}  // namespace

TEST_CASE("an e-mail is sent and recorded under its event's id") {
    email_fixture f;
    const auto done = f.deliver(wanted_mail());
    REQUIRE(done);
    REQUIRE(f.pool.sent.size() == 1);
    CHECK(f.pool.sent[0].id == f.id);
    CHECK(f.pool.sent[0].to == "ada@example.com");
    CHECK(to_text(f.pool.sent[0].date) == "2026-11-20T18:45:03.000000Z");
    REQUIRE(done->statements.size() == 1);
    CHECK(done->statements[0].statement->name == "usage.add_mail");
    CHECK(parameter(done->statements[0], "consumer") == "mail");
    CHECK(parameter(done->statements[0], "event") == f.id.text());
    CHECK(done->after.events.empty());
}

TEST_CASE("a sealed link is opened for its own e-mail only") {
    email_fixture f;
    auto event = wanted_mail();
    const auto link = event.link;
    event.link = seal::seal(f.links, link, events::place_of_link(f.id.text()));
    REQUIRE(f.deliver(event));
    REQUIRE(f.pool.sent.size() == 1);
    CHECK(contains(f.pool.sent[0].text, link));
    event.link = seal::seal(f.links, link, events::place_of_link(event_id::of(uuid{}, "another mail").text()));
    CHECK(f.deliver(event).error() == seal::errc::broken);
    CHECK(f.pool.sent.size() == 1);
}

TEST_CASE("a sealed address is opened for its own e-mail only") {
    email_fixture f;
    auto event = wanted_mail();
    event.to = seal::seal(f.links, "grace@example.com", events::place_of_recipient(f.id.text()));
    REQUIRE(f.deliver(event));
    REQUIRE(f.pool.sent.size() == 1);
    CHECK(f.pool.sent[0].to == "grace@example.com");
    const auto another = event_id::of(uuid{}, "another mail").text();
    event.to = seal::seal(f.links, "grace@example.com", events::place_of_recipient(another));
    CHECK(f.deliver(event).error() == seal::errc::broken);
    CHECK(f.pool.sent.size() == 1);
}

TEST_CASE("an e-mail that was sent is not sent again") {
    email_fixture f;
    f.remembered = f.id.text();
    const auto done = f.deliver(wanted_mail());
    REQUIRE(done);
    CHECK(f.pool.use.calls() == 0);
    CHECK(done->statements.empty());
}

TEST_CASE("an expired e-mail is not sent, without a query") {
    email_fixture f;
    auto late = wanted_mail();
    late.expires_at = now();
    const auto done = f.deliver(late);
    REQUIRE(done);
    CHECK(f.pool.use.calls() == 0);
    CHECK(f.database.use.calls() == 0);
    CHECK(done->statements.empty());
}

TEST_CASE("without the database no e-mail is sent, for it may have been sent before") {
    email_fixture f;
    f.database.use.fail_next(1, postgres::errc::unavailable);
    CHECK(f.deliver(wanted_mail()).error() == failure::outage);
    CHECK(f.pool.use.calls() == 0);
}

TEST_CASE("the server's reply decides about the record") {
    email_fixture f;
    f.pool.use.fail_next(1, email::errc::away);
    CHECK(f.deliver(wanted_mail()).error() == failure::outage);
    f.pool.use.fail_next(1, email::errc::deferred);
    CHECK(f.deliver(wanted_mail()).error() == failure::again);
    f.pool.use.fail_next(1, email::errc::not_taken);
    CHECK(f.deliver(wanted_mail()).error() == failure::refused);
    CHECK(f.deliver(wanted_mail()).has_value());
    CHECK(f.pool.sent.size() == 1);
}

TEST_CASE("a record that is not an e-mail event is refused, and no content is logged") {
    email_fixture f;
    captured_log log;
    auto bad = wanted_mail();
    bad.to = "nobody";
    CHECK(f.deliver(bad).error() == failure::refused);
    CHECK(f.deliver(wanted_mail()).has_value());
    CHECK(f.pool.use.calls() == 1);
    CHECK(contains(log.lines(), "mail.sent"));
    CHECK_FALSE(contains(log.lines(), "token="));
    CHECK_FALSE(contains(log.lines(), "ada@"));
    const kafka::message rubbish{"email.requested.v1", 0, 0, some_time, "", "{}", {}};
    CHECK(f.io.run(f.email_worker.handle(record{rubbish})).error() == failure::refused);
}

TEST_CASE("the email worker retries for a quarter of an hour when a server defers") {
    email_fixture f;
    CHECK(f.email_worker.name == "email");
    CHECK(f.email_worker.topic == "email.requested.v1");
    CHECK_FALSE(f.email_worker.retry.keep_order);
    delivery state(f.email_worker.retry);
    milliseconds waited{0};
    while (true) {
        const auto next = state.after(email::errc::deferred);
        const auto* later = std::get_if<to_retry_topic>(&next);
        if (!later) break;
        waited += later->after;
    }
    CHECK(waited > std::chrono::minutes{15});
}
