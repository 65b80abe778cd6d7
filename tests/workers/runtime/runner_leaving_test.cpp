// Records in work when a partition or the whole worker leaves.
#include "tests/workers/runtime/runner_fixture.hpp"

using namespace airi;
using namespace airi::test;
using strings = std::vector<std::string>;

namespace {

std::vector<kafka::partition_id> of(std::int32_t partition) { return {{"t", partition}}; }

}  // namespace

TEST_CASE(
    "short work of a revoked partition is finished and committed; records not started are left to the next owner") {
    runner_fixture h;
    h.open({0});
    h.handler.hold();
    for (int i = 0; i < 4; ++i) h.push(message(0, i, i == 1 ? "b" : "a", std::to_string(i)));
    h.io.settle();
    CHECK(h.started == strings{"0", "1"});
    bool revoked = false;
    h.io.start(h.consumer.revoke(of(0)), revoked);
    h.io.settle();
    CHECK_FALSE(revoked);
    h.handler.release();
    REQUIRE(h.io.until([&] { return revoked; }));
    CHECK(h.started == strings{"0", "1"});
    CHECK(h.committed() == 2);
    CHECK(h.runner->counters().in_work == 0);

    runner_fixture next;
    next.open({0});
    for (auto i = h.committed(); i < 4; ++i) next.push(message(0, i, "a", std::to_string(i)));
    next.work_is_done();
    CHECK(next.ended == strings{"2", "3"});
    CHECK(next.committed() == 4);
}

TEST_CASE("work that outlasts the revocation commits nothing, and other partitions go on") {
    runner_fixture h;
    h.open({0, 1});
    h.handler.hold();
    h.push(message(0, 0, "a", "long"));
    h.io.settle();
    bool revoked = false;
    h.io.start(h.consumer.revoke(of(0)), revoked);
    REQUIRE(h.io.until([&] { return revoked; }));
    h.push(message(0, 1, "a", "not ours"));
    h.push(message(1, 0, "b", "ours"));
    h.io.settle();
    h.handler.release();
    h.work_is_done();
    CHECK(h.ended == strings{"long", "ours"});
    CHECK(h.consumer.commits.count({"t", 0}) == 0);
    CHECK(h.committed(1) == 1);
}

TEST_CASE("a partition assigned again during its old work is read again in order and completely") {
    runner_fixture h;
    h.open({0});
    h.handler.hold();
    for (int i = 0; i < 3; ++i) h.push(message(0, i, "a", std::to_string(i)));
    h.io.settle();
    bool revoked = false;
    h.io.start(h.consumer.revoke(of(0)), revoked);
    REQUIRE(h.io.until([&] { return revoked; }));
    h.assign({0});
    for (int i = 0; i < 3; ++i) h.push(message(0, i, "a", std::to_string(i)));
    h.io.settle();
    CHECK(h.started == strings{"0"});
    h.handler.release();
    h.work_is_done();
    CHECK(h.ended == strings{"0", "0", "1", "2"});
    CHECK(h.most["a"] == 1);
    CHECK(h.committed() == 3);
}

TEST_CASE("queued records of a revoked partition are not started, and those of others are") {
    runner_fixture h;
    h.worker.max_in_flight = 1;
    h.open({0, 1});
    h.handler.hold();
    h.push(message(1, 0, "x", "first"));
    h.push(message(0, 0, "a", "dropped"));
    h.push(message(0, 1, "a", "dropped too"));
    h.push(message(1, 1, "y", "second"));
    h.io.settle();
    bool revoked = false;
    h.io.start(h.consumer.revoke(of(0)), revoked);
    REQUIRE(h.io.until([&] { return revoked; }));
    h.handler.release();
    h.work_is_done();
    CHECK(h.ended == strings{"first", "second"});
    CHECK(h.consumer.commits.count({"t", 0}) == 0);
    CHECK(h.committed(1) == 2);
}

TEST_CASE("a drain finishes the work in progress, starts no record and takes none") {
    runner_fixture h;
    h.open();
    h.handler.hold();
    h.push(message(0, 0, "a", "0"));
    h.push(message(0, 1, "b", "1"));
    h.push(message(0, 2, "a", "behind"));
    h.io.settle();
    bool drained = false;
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    h.io.start(h.runner->drain(deadline), drained);
    h.io.settle();
    CHECK(h.runner->draining());
    h.push(message(0, 3, "c", "late"));
    h.io.settle();
    CHECK_FALSE(drained);
    h.handler.release();
    REQUIRE(h.io.until([&] { return drained; }));
    CHECK(h.ended == strings{"0", "1"});
    CHECK(h.committed() == 2);
    CHECK(h.published() == strings{"0", "1"});
}

TEST_CASE("a drain ends at its limit even if a handler does not, whose record is not committed") {
    runner_fixture h;
    h.open();
    h.handler.hold();
    h.push(message(0, 0, "a", "0"));
    h.io.settle();
    auto deadline = std::chrono::steady_clock::now() + milliseconds{30};
    h.io.run(h.runner->drain(deadline));
    CHECK(h.consumer.commits.empty());
    h.handler.fail_always(make_error_code(workers::errc::leased));
    h.handler.release();
    h.io.settle();
    CHECK(h.consumer.commits.empty());
    CHECK(h.producer.sent.empty());
}

TEST_CASE("a drain does not wait for an unavailable server: the record is left to the next owner") {
    runner_fixture h;
    h.open();
    h.database.use.fail_always(outage);
    h.push(message(0, 0, "a", "0"));
    REQUIRE(h.io.until([&] { return h.database.use.calls() > 3; }));
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    h.io.run(h.runner->drain(deadline));
    CHECK(h.consumer.commits.empty());
    CHECK(h.producer.sent.empty());
}
