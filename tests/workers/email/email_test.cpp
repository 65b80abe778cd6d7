#include "workers/email/email.hpp"

#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "workers/email/errors.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

class fake_sender : public email::sender {
public:
    lever use;
    std::vector<email::letter> sent;

    awaitable<result<>> send(email::letter what) override {
        if (const auto failed = co_await use.pass()) co_return failed;
        sent.push_back(std::move(what));
        co_return result<>{};
    }
};

struct house {
    loop io;
    fake_database database;
    fake_sender out;
    email::ports use{database, out, {"AIRI", "no-reply@airi.example"}};
    worker mail_worker = email::declare(use);

    house() {
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            if (asked.statement->name != "inbox.has") return postgres::rows{};
            CHECK(parameter(asked, "consumer") == "mail");
            return cell(remembered == parameter(asked, "event") ? "t" : "f");
        };
    }

    result<effects> deliver(const events::email_requested& event) {
        const kafka::message from{"email.requested.v1", 1, 7, some_time, event.user.text(), events::encode(event),
            {{"ce_id", id.text()}, {"ce_time", "2026-11-20T18:45:03Z"}}};
        return io.run(mail_worker.handle(record{from}));
    }

    event_id id = event_id::of(uuid{}, "a mail");
    std::string remembered;
};

}  // namespace

TEST_CASE("a mail is sent and remembered under its event's id") {
    house at;
    const auto done = at.deliver(wanted_mail());
    REQUIRE(done);
    REQUIRE(at.out.sent.size() == 1);
    CHECK(at.out.sent[0].id == at.id);
    CHECK(at.out.sent[0].to == "ada@example.com");
    CHECK(to_text(at.out.sent[0].date) == "2026-11-20T18:45:03.000000Z");
    REQUIRE(done->statements.size() == 1);
    CHECK(done->statements[0].statement->name == "inbox.add");
    CHECK(parameter(done->statements[0], "consumer") == "mail");
    CHECK(parameter(done->statements[0], "event") == at.id.text());
    CHECK(done->after.events.empty());
}

TEST_CASE("a mail that was sent is not sent again") {
    house at;
    at.remembered = at.id.text();
    const auto done = at.deliver(wanted_mail());
    REQUIRE(done);
    CHECK(at.out.use.calls() == 0);
    CHECK(done->statements.empty());
}

TEST_CASE("a mail that expired is not sent, and nobody is asked") {
    house at;
    auto late = wanted_mail();
    late.expires_at = now();
    const auto done = at.deliver(late);
    REQUIRE(done);
    CHECK(at.out.use.calls() == 0);
    CHECK(at.database.use.calls() == 0);
    CHECK(done->statements.empty());
}

TEST_CASE("without the database nothing is sent: it could have been sent before") {
    house at;
    at.database.use.fail_next(1, postgres::errc::unavailable);
    CHECK(at.deliver(wanted_mail()).error() == failure::outage);
    CHECK(at.out.use.calls() == 0);
}

TEST_CASE("what the server says decides about the record") {
    house at;
    at.out.use.fail_next(1, email::errc::away);
    CHECK(at.deliver(wanted_mail()).error() == failure::outage);
    at.out.use.fail_next(1, email::errc::deferred);
    CHECK(at.deliver(wanted_mail()).error() == failure::again);
    at.out.use.fail_next(1, email::errc::not_taken);
    CHECK(at.deliver(wanted_mail()).error() == failure::refused);
    CHECK(at.deliver(wanted_mail()).has_value());
    CHECK(at.out.sent.size() == 1);
}

TEST_CASE("a record that is no mail is refused, and nothing of a mail is logged") {
    house at;
    captured_log log;
    auto bad = wanted_mail();
    bad.to = "nobody";
    CHECK(at.deliver(bad).error() == failure::refused);
    CHECK(at.deliver(wanted_mail()).has_value());
    CHECK(at.out.use.calls() == 1);
    CHECK(log.says("mail.sent"));
    CHECK_FALSE(log.says("token="));
    CHECK_FALSE(log.says("ada@"));
    const kafka::message rubbish{"email.requested.v1", 0, 0, some_time, "", "{}", {}};
    CHECK(at.io.run(at.mail_worker.handle(record{rubbish})).error() == failure::refused);
}

TEST_CASE("the mail worker is called mail for ever, and is patient with servers that defer") {
    house at;
    CHECK(at.mail_worker.name == "email");
    CHECK(at.mail_worker.topic == "email.requested.v1");
    CHECK_FALSE(at.mail_worker.retry.keep_order);
    delivery state(at.mail_worker.retry);
    milliseconds waited{0};
    while (true) {
        const auto next = state.after(email::errc::deferred);
        const auto* later = std::get_if<to_retry_topic>(&next);
        if (!later) break;
        waited += later->after;
    }
    CHECK(waited > std::chrono::minutes{15});
}
