#include <stdexcept>

#include "events/chat.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "tests/workers/runtime/runner_fixture.hpp"

using namespace airi;
using namespace airi::test;
using strings = std::vector<std::string>;

TEST_CASE("hundreds of records run at once, one per key, and commits never pass an unfinished one") {
    runner_fixture h;
    h.worker.max_in_flight = 64;
    h.yields = 40;
    std::map<kafka::partition_id, std::set<std::int64_t>> open;
    std::map<std::string, kafka::partition_id> place;
    h.consumer.at_commit = [&](const kafka::partition_id& of, std::int64_t next) {
        std::set<std::string> done(h.ended.begin(), h.ended.end());
        for (const auto offset : open[of])
            if (offset < next && !done.contains(std::to_string(of.partition) + "/" + std::to_string(offset)))
                FAIL("committed " << next << " before " << offset);
        const auto before = h.consumer.committed(of);
        if (next <= before) FAIL("committed " << next << " after " << before);
    };
    h.open({0, 1, 2});
    std::vector<kafka::message> all;
    for (std::int64_t offset = 0; offset < 67; ++offset)
        for (std::int32_t p = 0; p < 3; ++p) {
            open[{"t", p}].insert(offset);
            const auto key = "k" + std::to_string(p) + std::to_string(offset * 7 % 11);
            all.push_back(message(p, offset, key, std::to_string(p) + "/" + std::to_string(offset)));
        }
    h.push(std::move(all));
    h.work_is_done();
    for (std::int32_t p = 0; p < 3; ++p) CHECK(h.committed(p) == 67);
    CHECK(h.most[""] > 20);
    CHECK(h.most[""] <= 64);
    std::map<std::string, std::int64_t> last;
    for (const auto& r : h.producer.to("out")) {
        CHECK(h.most[r.key] == 1);
        const auto offset = std::stoll(r.value.substr(2));
        const auto [at, first] = last.try_emplace(r.key, -1);
        if (offset <= at->second) FAIL("out of order: " << r.key << " " << r.value);
        at->second = offset;
    }
    CHECK(h.published().size() == 201);
    CHECK(h.runner->counters().handled == 201);
}

TEST_CASE("a key's next record starts when only batchable events are left, and the offset waits for them") {
    runner_fixture h;
    h.worker.max_in_flight = 1;
    h.batchable_events = true;
    h.open();
    h.producer.batchable.hold();
    for (int i = 0; i < 3; ++i) h.push(message(0, i, "k", "v" + std::to_string(i)));
    h.io.settle();
    CHECK(h.ended == strings{"v0", "v1", "v2"});
    CHECK(h.most["k"] == 1);
    CHECK(h.committed() < 1);
    CHECK(h.runner->counters().in_work == 3);
    h.producer.batchable.release();
    h.work_is_done();
    CHECK(h.committed() == 3);
    CHECK(h.published("later").size() == 3);
}

TEST_CASE("batchable events that an outage delays are published again, and the handler is not repeated") {
    runner_fixture h;
    h.batchable_events = true;
    h.open();
    h.producer.batchable.fail_next(2, kafka::errc::unavailable);
    h.push(message(0, 0, "k", "v"));
    h.push(message(0, 1, "k", "w"));
    h.work_is_done();
    CHECK(h.started == strings{"v", "w"});
    CHECK(h.published("later").size() == 2);
    CHECK(h.committed() == 2);
}

TEST_CASE("a drain waits for batchable events") {
    runner_fixture h;
    h.batchable_events = true;
    h.open();
    h.producer.batchable.hold();
    h.push(message(0, 0, "k", "v"));
    h.io.settle();
    bool drained = false;
    auto deadline = std::chrono::steady_clock::now() + milliseconds{5'000};
    h.io.start(h.runner->drain(deadline), drained);
    h.io.settle();
    CHECK(!drained);
    h.producer.batchable.release();
    REQUIRE(h.io.until([&] { return drained; }));
    CHECK(h.committed() == 1);
}

TEST_CASE("records without a key do not wait for each other") {
    runner_fixture h;
    h.open();
    h.handler.hold();
    for (int i = 0; i < 5; ++i) h.push(message(0, i, "", "v" + std::to_string(i)));
    h.io.settle();
    CHECK(h.started.size() == 5);
    h.handler.release();
    h.work_is_done();
    CHECK(h.committed() == 5);
}

TEST_CASE("no more than max_in_flight handlers run at once") {
    runner_fixture h;
    h.worker.max_in_flight = 3;
    h.open();
    h.handler.hold();
    for (int i = 0; i < 10; ++i) h.push(message(0, i, std::to_string(i), "v"));
    h.io.settle();
    CHECK(h.started.size() == 3);
    h.handler.release_one();
    h.io.settle();
    CHECK(h.started.size() == 4);
    h.handler.release();
    h.work_is_done();
    CHECK(h.most[""] == 3);
}

TEST_CASE("effects are applied in one order: transaction, frames, events, offset") {
    runner_fixture h;
    h.consumer.at_commit = [&](const kafka::partition_id&, std::int64_t) { h.journal.push_back("offset"); };
    h.worker.handle = [](workers::record) -> awaitable<result<workers::effects>> {
        workers::effects out;
        out.statements.push_back({&stored, {"x"}});
        out.after_from_rows = [](const std::vector<postgres::rows>& rows) {
            workers::after_commit then;
            then.frames.push_back({{}, {1, 0}, events::frame_type::start, {}});
            then.announcements.push_back({"user:1", "{}"});
            then.events.push_back({"out", "k", std::string(rows.front().text(0, 0)), {{"ce_id", "7"}}});
            return then;
        };
        co_return out;
    };
    h.database.answer = [](const postgres::bound&) { return result<postgres::rows>(cell("from the row")); };
    h.open();
    h.push(message(0, 0, "k", "v"));
    h.work_is_done();
    CHECK(
        h.journal == test::journal{"commit stored", "frame message_start", "announce user:1", "publish out", "offset"});
    CHECK(h.published() == strings{"from the row"});
    CHECK(header(h.producer.sent.front(), "ce_id") == "7");
}

TEST_CASE("one poisoned record is dead-lettered with its bytes, and the others go on") {
    runner_fixture h;
    const std::string poison("\x00\xffpoison", 8);
    h.outcome = [&](const kafka::message& m) { return m.value == poison ? refused : error_code{}; };
    h.open();
    for (int i = 0; i < 20; ++i)
        h.push(message(0, i, "k" + std::to_string(i % 2), i == 7 ? poison : "v" + std::to_string(i)));
    h.work_is_done();
    CHECK(h.published().size() == 19);
    CHECK(h.committed() == 20);
    const auto dead = h.producer.to("t-dlt");
    REQUIRE(dead.size() == 1);
    CHECK(dead[0].value == poison);
    CHECK(dead[0].key == "k1");
    CHECK(header(dead[0], "kafka_dlt-original-offset") == "7");
    CHECK(header(dead[0], "kafka_dlt-original-consumer-group") == "w");
    CHECK(h.database.all("given_up").size() == 1);
    CHECK(h.runner->counters().dead == 1);
}

TEST_CASE("an outage of the database delays all records, which are then applied once and in order") {
    runner_fixture h;
    h.open();
    h.database.use.fail_next(40, outage);
    for (int i = 0; i < 10; ++i) h.push(message(0, i, "k" + std::to_string(i % 3), std::to_string(i)));
    h.work_is_done();
    CHECK(h.started.size() == 10);
    CHECK(h.database.all("stored").size() == 10);
    CHECK(h.published().size() == 10);
    CHECK(h.producer.to("t-dlt").empty());
    CHECK(h.committed() == 10);
    CHECK(h.runner->counters().outages >= 40);
}

TEST_CASE("an outage of the broker repeats the effects until acknowledged, and nothing is committed before") {
    runner_fixture h;
    h.open();
    h.producer.use.fail_next(7, kafka::errc::unavailable);
    h.push(message(0, 0, "k", "v"));
    REQUIRE(h.io.until([&] { return h.producer.use.calls() >= 4; }));
    CHECK(h.consumer.commits.empty());
    h.work_is_done();
    CHECK(h.published() == strings{"v"});
    CHECK(h.started.size() == 1);
    CHECK(h.committed() == 1);
}

TEST_CASE("a handler that waits for a lease is retried without a limit") {
    runner_fixture h;
    int left = 25;
    h.outcome = [&](const kafka::message&) {
        return left-- > 0 ? make_error_code(workers::errc::leased) : error_code{};
    };
    h.open();
    h.push(message(0, 0, "k", "v"));
    h.work_is_done();
    CHECK(h.started.size() == 26);
    CHECK(h.producer.to("t-dlt").empty());
    CHECK(h.published() == strings{"v"});
}

TEST_CASE("a handler that throws is retried a bounded number of times, then its record is given up") {
    runner_fixture h;
    h.outcome = [](const kafka::message& m) -> error_code {
        if (m.value == "bad") throw std::runtime_error("out of luck");
        return {};
    };
    h.consumer.at_commit = [&](const kafka::partition_id&, std::int64_t) { h.journal.push_back("offset"); };
    h.open();
    h.push(message(0, 0, "k", "bad"));
    h.work_is_done();
    CHECK(h.started == strings{"bad", "bad", "bad"});
    CHECK(h.journal == test::journal{"commit given_up", "publish t-dlt", "offset"});
    const auto dead = h.producer.to("t-dlt").at(0);
    CHECK(header(dead, "kafka_dlt-exception-message") == "the handler threw");
    CHECK(header(dead, "airi-attempts") == "3");
    h.push(message(0, 1, "k", "good"));
    h.work_is_done();
    CHECK(h.published() == strings{"good"});
    CHECK(h.committed() == 2);
}

TEST_CASE("effects that throw while they are applied count as broken too") {
    runner_fixture h;
    h.worker.handle = [](workers::record) -> awaitable<result<workers::effects>> {
        workers::effects out;
        out.statements.push_back({&stored, {"x"}});
        out.after_from_rows = [](const std::vector<postgres::rows>&) -> workers::after_commit {
            throw std::out_of_range("no such row");
        };
        co_return out;
    };
    h.open();
    h.push(message(0, 0, "k", "v"));
    h.work_is_done();
    CHECK(h.producer.to("t-dlt").size() == 1);
    CHECK(h.committed() == 1);
}

TEST_CASE("give-up effects that fail are retried before the dead letter") {
    runner_fixture h;
    h.outcome = [](const kafka::message&) { return refused; };
    int failures = 2;
    h.database.answer = [&](const postgres::bound&) -> result<postgres::rows> {
        if (failures-- > 0) return again;
        return postgres::rows{};
    };
    h.open();
    h.push(message(0, 0, "k", "v"));
    h.work_is_done();
    CHECK(h.database.all("given_up").size() == 1);
    CHECK(h.producer.to("t-dlt").size() == 1);
}

TEST_CASE("give_up that throws loses neither the dead letter nor the records behind it") {
    runner_fixture h;
    h.outcome = [](const kafka::message& m) { return m.value == "bad" ? refused : error_code{}; };
    h.worker.give_up = [](workers::record) -> workers::effects { throw std::runtime_error("cannot"); };
    h.open();
    h.push(message(0, 0, "k", "bad"));
    h.push(message(0, 1, "k", "good"));
    h.work_is_done();
    CHECK(h.producer.to("t-dlt").size() == 1);
    CHECK(h.published() == strings{"good"});
    CHECK(h.committed() == 2);
}

TEST_CASE("a dead letter that the broker rejects does not stop the records behind it") {
    runner_fixture h;
    h.outcome = [](const kafka::message& m) { return m.value == "good" ? error_code{} : refused; };
    h.producer.refuse = [](const kafka::record& r) {
        return r.value.size() > 1000 ? make_error_code(kafka::errc::too_large) : error_code{};
    };
    h.open();
    h.push(message(0, 0, "k", std::string(2000, 'x')));
    h.push(message(0, 1, "k", "good"));
    h.work_is_done();
    CHECK(h.published() == strings{"good"});
    CHECK(h.committed() == 2);
    const auto dead = h.producer.to("t-dlt");
    REQUIRE(dead.size() == 1);
    CHECK(dead[0].value.empty());
    CHECK(header(dead[0], "kafka_dlt-original-offset") == "0");
    CHECK(header(dead[0], "airi-value-left-out") == "2000");
}

TEST_CASE("a dead letter waits for the broker and is published once") {
    runner_fixture h;
    h.outcome = [](const kafka::message&) { return refused; };
    h.producer.use.fail_next(3, kafka::errc::unavailable);
    h.open();
    h.push(message(0, 0, "k", "v"));
    REQUIRE(h.io.until([&] { return h.producer.use.calls() >= 2; }));
    CHECK(h.consumer.commits.empty());
    h.work_is_done();
    CHECK(h.producer.to("t-dlt").size() == 1);
    CHECK(h.committed() == 1);
}

TEST_CASE("an event that cannot be decoded is refused without calling its handler") {
    runner_fixture h;
    int asked = 0;
    const auto known = message(0, 0, "k", "v");
    h.worker.handle = workers::on_event<events::chat_screened>(
        [&](events::chat_screened in, workers::record) -> awaitable<result<workers::effects>> {
            ++asked;
            CHECK(in.user == screened().user);
            return runner_fixture::handle(&h, {known});
        });
    h.open();
    h.push(message(0, 0, "k", "{\"conversation_id\":1}"));
    h.push(message(0, 1, "k", events::encode(screened())));
    h.work_is_done();
    CHECK(asked == 1);
    CHECK(header(h.producer.to("t-dlt").at(0), "kafka_dlt-exception-message") == "wrong type");
}

TEST_CASE("a partition is paused at the high mark and resumed at a quarter of it") {
    runner_fixture h;
    h.worker.high_mark = 8;
    h.open({0, 1});
    h.handler.hold();
    std::vector<kafka::message> fetched;
    for (int i = 0; i < 10; ++i) fetched.push_back(message(0, i, std::to_string(i), "v"));
    h.push(std::move(fetched));
    h.push(message(0, 10, "held back by the pause", "v"));
    h.push(message(1, 0, "k", "v"));
    h.io.settle();
    CHECK(h.consumer.pauses == 1);
    CHECK(h.started.size() == 11);
    CHECK(h.consumer.paused == std::set<kafka::partition_id>{{"t", 0}});
    for (int i = 0; i < 7; ++i) h.handler.release_one();
    h.io.settle();
    CHECK(h.consumer.resumes == 0);
    h.handler.release();
    h.work_is_done();
    REQUIRE(h.io.until([&] { return h.started.size() == 12; }));
    h.work_is_done();
    CHECK(h.consumer.resumes == 1);
    CHECK(h.consumer.paused.empty());
    CHECK(h.committed() == 11);
}

TEST_CASE("a record for another group is passed over, and its offset committed") {
    runner_fixture h;
    h.worker.group = "mine";
    h.open();
    auto others = message(0, 0, "k", "others"), own = message(0, 1, "k", "own");
    others.headers.push_back({"airi-group", "yours"});
    own.headers.push_back({"airi-group", "mine"});
    auto last = others;
    last.offset = 2;
    h.push({others, own, last});
    h.work_is_done();
    CHECK(h.ended == strings{"own"});
    CHECK(h.committed() == 3);
}

TEST_CASE("a failed consumer makes the worker unhealthy") {
    runner_fixture h;
    h.open();
    CHECK(h.runner->healthy());
    h.runner->owner().failed("fenced");
    CHECK_FALSE(h.runner->healthy());
}
