#include "workers/outbox/relay.hpp"

#include "platform/telemetry/metrics.hpp"
#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/fake_producer.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::test;
using workers::outbox::look;
using workers::outbox::pause_after;
using workers::outbox::relay;

namespace {

const auto some_event = event_id::of(uuid{}, "an event");

// An outbox that is one partition, in memory.
struct relay_fixture {
    struct row {
        std::string id, key, topic = "email.requested.v1";
    };
    loop io;
    journal order;
    fake_database database{&order};
    fake_producer producer{&order};
    relay subject{database, producer, io.on(), "relay-1"};
    std::vector<row> rows;
    std::size_t hidden = 0;  ///< stored, but by transactions that are not old enough
    std::size_t taken = 0;   ///< how often leases were requested

    relay_fixture() {
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            const auto& name = asked.statement->name;
            if (name == "outbox.status") return status();
            if (name == "outbox.waiting") return cell(rows.size() + hidden > 0 ? "t" : "f");
            if (name == "outbox.lease") return lease();
            if (name == "outbox.read") return read();
            if (name == "outbox.delete")
                std::erase_if(rows, [&](const row& one) { return contains(parameter(asked, "ids"), one.id); });
            if (name == "outbox.refuse")
                std::erase_if(rows, [&](const row& one) { return parameter(asked, "id") == one.id; });
            return postgres::rows{};
        };
    }
    result<look> look_once() { return io.run(subject.look_once()); }
    std::vector<std::string> published() const {
        std::vector<std::string> out;
        for (const auto& one : producer.sent) out.push_back(one.value);
        return out;
    }

private:
    static void add(postgres::rows& to, std::initializer_list<std::string> cells) {
        to.columns_ = cells.size();
        for (const auto& one : cells) to.cells_.emplace_back(one);
    }
    postgres::rows lease() {
        ++taken;
        return rows.empty() ? postgres::rows{} : cell("0");
    }
    postgres::rows read() const {
        postgres::rows out;
        for (const auto& one : rows)
            add(out, {one.id, some_event.text(), one.topic, one.key, "value " + one.id, "00-trace", "r-1",
                         "2026-11-20T18:45:03.000001+00:00"});
        return out;
    }
    postgres::rows status() const {
        postgres::rows out;
        add(out, {std::to_string(rows.size() + hidden), "7", "0"});
        return out;
    }
};

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a stored event is published as any other event, deleted, and its partition is free again") {
    relay_fixture f;
    f.rows = {{"1", "a"}};
    const auto done = f.look_once();
    REQUIRE(done);
    CHECK(done->published);
    REQUIRE(f.producer.sent.size() == 1);
    const auto& sent = f.producer.sent[0];
    CHECK(sent.topic == "email.requested.v1");
    CHECK(sent.key == "a");
    CHECK(sent.value == "value 1");
    CHECK(header(sent, "ce_id") == some_event.text());
    CHECK(header(sent, "ce_type") == "email.requested.v1");
    CHECK(header(sent, "ce_source") == "/airi/gateway");
    CHECK(header(sent, "ce_time") == "2026-11-20T18:45:03.000001Z");
    CHECK(header(sent, "traceparent") == "00-trace");
    CHECK(header(sent, "x-request-id") == "r-1");
    CHECK(f.order == journal{"commit outbox.lease", "commit outbox.read", "commit outbox.waiting",
                         "publish email.requested.v1", "commit outbox.delete", "commit outbox.release"});
    CHECK(parameter(f.database.all("outbox.release")[0], "relay") == "relay-1");
}

TEST_CASE("an event waits for the acknowledgement of the one before it of the same key, and of no other") {
    relay_fixture f;
    f.rows = {{"1", "a"}, {"2", "a"}, {"3", "b"}, {"4", "a"}};
    f.producer.use.hold();
    bool done = false;
    f.io.start([](relay& subject) -> awaitable<> { co_await subject.look_once(); }(f.subject), done);
    REQUIRE(f.io.until([&] { return f.producer.use.held() == 1; }));
    f.producer.use.release_one();
    REQUIRE(f.io.until([&] { return f.producer.use.held() == 1; }));
    CHECK(f.published() == strings{"value 1", "value 3"});
    f.producer.use.release();
    REQUIRE(f.io.until([&] { return done; }));
    CHECK(f.published() == strings{"value 1", "value 3", "value 2", "value 4"});
    CHECK(f.rows.empty());
}

TEST_CASE("an event that Kafka will never accept is set aside, and the others are published") {
    relay_fixture f;
    captured_log log;
    f.rows = {{"1", "a", "no.such.topic"}, {"2", "b"}, {"3", "a"}};
    f.producer.refuse = [](const kafka::record& one) {
        return one.topic == "no.such.topic" ? error_code(kafka::errc::unknown_topic) : error_code{};
    };
    const auto done = f.look_once();
    REQUIRE(done);
    CHECK(f.published() == strings{"value 2", "value 3"});
    REQUIRE(f.database.all("outbox.refuse").size() == 1);
    CHECK(parameter(f.database.all("outbox.refuse")[0], "id") == "1");
    CHECK(contains(parameter(f.database.all("outbox.refuse")[0], "why"), "topic"));
    CHECK(contains(log.lines(), "outbox.refused"));
}

TEST_CASE("a publication that fails leaves its events and all later ones of their keys, and frees the partition") {
    relay_fixture f;
    f.rows = {{"1", "a"}, {"2", "a"}};
    f.producer.refuse = [&](const kafka::record& one) {
        return one.value == "value 2" ? error_code(kafka::errc::unavailable) : error_code{};
    };
    CHECK(f.look_once().error() == failure::outage);
    CHECK(f.published() == strings{"value 1"});
    REQUIRE(f.rows.size() == 1);
    CHECK(f.rows[0].id == "2");
    CHECK(f.database.all("outbox.release").size() == 1);
    f.producer.refuse = nullptr;
    REQUIRE(f.look_once());
    CHECK(f.published() == strings{"value 1", "value 2"});
}

TEST_CASE("while Kafka is away or does not answer, no event is taken, but the lag is measured") {
    relay_fixture f;
    f.rows = {{"1", "a"}};
    SUBCASE("away") { f.producer.use.fail_always(kafka::errc::unavailable); }
    SUBCASE("silent") { f.producer.use.hold(); }
    bool done = false;
    f.io.start(f.subject.run(), done);
    REQUIRE(f.io.until([&] { return contains(metrics::all().text(), "airi_outbox_waiting 1\n"); }));
    CHECK(contains(metrics::all().text(), "airi_outbox_oldest_seconds 7\n"));
    CHECK(f.producer.sent.empty());
    f.producer.use.mend();
    f.producer.use.release();
    // The next measurement wakes the relay.
    REQUIRE(f.io.until([&] { return contains(metrics::all().text(), "airi_outbox_waiting 0\n"); }));
    CHECK(f.published() == strings{"value 1"});
    f.subject.stop();
    REQUIRE(f.io.until([&] { return done; }));
}

TEST_CASE("the next look follows at once after a publication, soon while events are not yet old enough") {
    CHECK(pause_after(look{true, false}, milliseconds{64}) == milliseconds{0});
    CHECK(pause_after(look{false, true}, milliseconds{0}) == milliseconds{2});
    CHECK(pause_after(look{false, true}, milliseconds{64}) == milliseconds{128});
    CHECK(pause_after(look{false, true}, milliseconds{900}) == milliseconds{1'000});
    CHECK(pause_after(look{false, false}, milliseconds{64}) > seconds{60});
    CHECK(pause_after(kafka::errc::unavailable, milliseconds{2}) > seconds{60});
}

TEST_CASE("events of transactions that still run are found as soon as these end") {
    relay_fixture f;
    f.hidden = 1;
    bool done = false;
    f.io.start(f.subject.run(), done);
    REQUIRE(f.io.until([&] { return f.taken > 3; }));
    f.rows = {{"1", "a"}};
    f.hidden = 0;
    REQUIRE(f.io.until([&] { return f.producer.sent.size() == 1; }));
    f.subject.stop();
    REQUIRE(f.io.until([&] { return done; }));
}

TEST_CASE("a wake-up ends the pause, and one during a look is not lost") {
    relay_fixture f;
    bool done = false;
    f.io.start(f.subject.run(), done);
    REQUIRE(f.io.until([&] { return f.taken == 1; }));
    f.io.settle();
    f.subject.wake();
    REQUIRE(f.io.until([&] { return f.taken == 2; }));
    f.io.settle();
    f.database.use.hold();
    f.subject.wake();
    REQUIRE(f.io.until([&] { return f.database.use.held() > 0; }));
    f.subject.wake();
    f.database.use.release();
    REQUIRE(f.io.until([&] { return f.taken == 4; }));
    f.subject.stop();
    REQUIRE(f.io.until([&] { return done; }));
}

TEST_CASE("an event whose wake-up was lost is found by the next measurement") {
    relay_fixture f;
    bool done = false;
    f.io.start(f.subject.run(), done);
    REQUIRE(f.io.until([&] { return f.taken == 1; }));
    f.rows = {{"1", "a"}};
    REQUIRE(f.io.until([&] { return f.producer.sent.size() == 1; }));
    f.subject.stop();
    REQUIRE(f.io.until([&] { return done; }));
}
