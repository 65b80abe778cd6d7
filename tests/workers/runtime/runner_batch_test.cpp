// Batch workers, and records that come back by way of the retry topic.
#include <numeric>
#include <stdexcept>

#include "tests/workers/runtime/runner_fixture.hpp"

using namespace airi;
using namespace airi::test;
using strings = std::vector<std::string>;

namespace {

struct batch_fixture : runner_fixture {
    std::vector<std::size_t> sizes;
    std::function<error_code(const kafka::message&)> fault;

    batch_fixture() {
        worker.handle = nullptr;
        worker.retry.keep_order = false;
        worker.handle_batch = [this](std::span<const kafka::message> batch) -> result<workers::effects> {
            sizes.push_back(batch.size());
            workers::effects out;
            for (const auto& m : batch) {
                if (const auto why = fault ? fault(m) : error_code{}) return why;
                auto one = effects_of(m);
                out.statements.push_back(one.statements.front());
                out.after.events.push_back(one.after.events.front());
            }
            return out;
        };
    }
    void push_values(int from, int to) {
        std::vector<kafka::message> batch;
        for (int i = from; i < to; ++i) batch.push_back(message(0, i, "k", std::to_string(i)));
        push(std::move(batch));
    }
    strings values() const {
        strings out;
        for (const auto& s : database.all("stored")) out.push_back(*s.parameters[0]);
        return out;
    }
};

strings numbers(int from, int to) {
    strings out;
    for (int i = from; i < to; ++i) out.push_back(std::to_string(i));
    return out;
}

}  // namespace

TEST_CASE("a batch is one transaction of all waiting records, up to the limit") {
    batch_fixture h;
    h.worker.max_in_flight = 10;
    h.open();
    h.database.use.hold();
    h.push_values(0, 1);
    h.push_values(1, 25);
    h.io.settle();
    h.database.use.release();
    h.work_is_done();
    CHECK(h.sizes == std::vector<std::size_t>{1, 10, 10, 4});
    CHECK(h.values() == numbers(0, 25));
    CHECK(h.committed() == 25);
    CHECK(h.runner->counters().handled == 25);
}

TEST_CASE("one bad record of a batch is dead-lettered, the others are applied once each") {
    batch_fixture h;
    h.fault = [](const kafka::message& m) { return m.value == "5" ? refused : error_code{}; };
    h.open();
    h.push_values(0, 10);
    h.work_is_done();
    auto expected = numbers(0, 10);
    expected.erase(expected.begin() + 5);
    CHECK(h.values() == expected);
    CHECK(h.published("t-dlt") == strings{"5"});
    CHECK(h.committed() == 10);
}

TEST_CASE("an outage delays the whole batch, which is then applied unchanged") {
    batch_fixture h;
    h.open();
    h.database.use.fail_next(10, outage);
    h.push_values(0, 10);
    h.work_is_done();
    CHECK(h.values() == numbers(0, 10));
    CHECK(h.sizes == std::vector<std::size_t>{10});
    CHECK(h.producer.to("t-dlt").empty());
}

TEST_CASE("a batch whose effects throw is split, and the failing records are given up one by one") {
    batch_fixture h;
    h.worker.retry.keep_order = true;
    h.worker.handle_batch = [](std::span<const kafka::message> batch) -> result<workers::effects> {
        bool bad = false;
        for (const auto& m : batch) bad |= m.value == "1";
        workers::effects out = effects_of(batch.front());
        if (bad)
            out.after_from_rows = [](const std::vector<postgres::rows>&) -> workers::after_commit {
                throw std::runtime_error("no");
            };
        return out;
    };
    h.open();
    h.push_values(0, 3);
    h.work_is_done();
    CHECK(h.published() == strings{"0", "2"});
    CHECK(h.published("t-dlt") == strings{"1"});
    CHECK(h.committed() == 3);
}

TEST_CASE("where order does not matter a failing record goes to the retry topic while the others go on") {
    batch_fixture h;
    h.worker.retry.first_pause = milliseconds{40};
    h.worker.retry.longest_pause = milliseconds{1000};
    h.fault = [](const kafka::message& m) { return m.value == "1" ? again : error_code{}; };
    h.open();
    h.assign({0}, "t-retry");
    h.push_values(0, 3);
    h.work_is_done();
    CHECK(h.values() == strings{"0", "2"});
    CHECK(h.committed() == 3);
    auto later = h.producer.to("t-retry");
    REQUIRE(later.size() == 1);
    CHECK(header(later[0], "retry_topic-attempts") == "1");
    CHECK(header(later[0], "retry_topic-original-offset") == "1");

    // It comes back, fails, is written once more, comes back, and is given up at the third attempt.
    for (int round = 0; round < 2; ++round) {
        const auto back = later.back();
        h.push(kafka::message{"t-retry", 0, round, now(), back.key, back.value, back.headers});
        h.work_is_done();
        later = h.producer.to("t-retry");
    }
    CHECK(later.size() == 2);
    const auto dead = h.producer.to("t-dlt");
    REQUIRE(dead.size() == 1);
    CHECK(header(dead[0], "airi-attempts") == "3");
    CHECK(header(dead[0], "kafka_dlt-original-topic") == "t");
    CHECK(header(dead[0], "kafka_dlt-original-offset") == "1");
    CHECK(h.consumer.committed({"t-retry", 0}) == 2);
}

TEST_CASE("a record of the retry topic is not handled before it is due") {
    runner_fixture h;
    h.open();
    h.assign({0}, "t-retry");
    auto early = message(0, 0, "k", "v", "t-retry");
    const auto due = now() + milliseconds{60};
    early.headers.push_back({"retry_topic-backoff-timestamp",
        std::to_string(std::chrono::ceil<milliseconds>(due).time_since_epoch().count())});
    h.push(std::move(early));
    h.work_is_done();
    CHECK(now() >= due);
    CHECK(h.published() == strings{"v"});
}
