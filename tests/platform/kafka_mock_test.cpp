#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "platform/kafka/embedded.hpp"
#include "platform/kafka/kafka.hpp"
#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/kafka_owner.hpp"

using namespace airi;
using namespace airi::kafka;
using namespace airi::test;
using namespace std::chrono_literals;

namespace {

constexpr int produce = 0, offset_commit = 8;
constexpr int connection_closed = -195, request_timed_out = 7, not_leader = 6, out_of_order = 45;

record text(std::string topic, std::string key, std::string value) {
    return {std::move(topic), std::move(key), std::move(value), {}};
}

std::vector<record> numbered(const std::string& topic, int from, int count) {
    std::vector<record> all;
    for (int i = from; i < from + count; ++i) all.push_back(text(topic, "k", std::to_string(i)));
    return all;
}

std::vector<std::string> numbers(int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(std::to_string(i));
    return all;
}

// One for all cases: a new one takes up to a second until it answers its first client.
embedded_cluster& shared() {
    static embedded_cluster cluster;
    [[maybe_unused]] static const bool filled = [] {
        cluster.create_topics({{"t", 1, {}}, {"faults", 1, {}}, {"handover", 1, {}}, {"paused", 1, {}}});
        return true;
    }();
    return cluster;
}

consumer_options member_of(const embedded_cluster& cluster, const std::string& group, const std::string& topic) {
    return {.brokers = cluster.brokers(), .group = group, .instance = "", .topics = {topic}, .session_timeout = 3500ms};
}

}  // namespace

TEST_CASE("publish ends when the broker has acknowledged the whole batch") {
    auto& cluster = shared();
    coroutine_thread thread;
    auto out = open_producer({.brokers = cluster.brokers(), .client_id = "test"});
    CHECK_FALSE(thread.run(out->publish({text("t", "a", "1"), text("t", "b", "2"), text("t", "", "3")})).has_error());
    CHECK(out->available());
    CHECK_FALSE(thread.run(out->publish({})).has_error());
}

TEST_CASE("a batch with a record that is too large is rejected as a whole") {
    auto& cluster = shared();
    coroutine_thread thread;
    auto out = open_producer({.brokers = cluster.brokers(), .client_id = "test"});
    const auto outcome =
        thread.run(out->publish({text("t", "a", "small"), text("t", "a", std::string(1'100'000, 'x'))}));
    CHECK(outcome.error() == errc::too_large);
    CHECK(outcome.error() == failure::refused);
    CHECK_FALSE(thread.run(out->publish({text("t", "a", std::string(900'000, 'x'))})).has_error());
}

TEST_CASE("without a broker publish ends with an outage and logs it once") {
    captured_log logged;
    auto& cluster = shared();
    coroutine_thread thread;
    auto out = open_producer({.brokers = cluster.brokers(), .client_id = "test", .message_timeout = 400ms});
    REQUIRE_FALSE(thread.run(out->publish({text("t", "a", "1")})).has_error());
    cluster.down();
    auto one = thread.start(out->publish({text("t", "a", "2"), text("t", "b", "3")}));
    auto other = thread.start(out->publish({text("t", "a", "4")}));
    CHECK(one.get().error() == errc::unavailable);
    CHECK(other.get().error() == failure::outage);
    CHECK_FALSE(out->available());
    cluster.up();
    CHECK(becomes_true([&] { return out->available(); }));
    CHECK_FALSE(thread.run(out->publish({text("t", "a", "4")})).has_error());
    CHECK(logged.count("kafka.unavailable") == 1);
    CHECK(logged.count("kafka.back") == 1);
}

namespace {

// A producer that has published; its next record is a fatal error.
std::unique_ptr<producer> about_to_fail(coroutine_thread& thread) {
    auto& cluster = shared();
    auto out = open_producer({.brokers = cluster.brokers(), .client_id = "test", .message_timeout = 5s});
    REQUIRE_FALSE(thread.run(out->publish({text("t", "a", "1")})).has_error());
    cluster.fail_next(produce, {out_of_order});
    return out;
}

}  // namespace

TEST_CASE("after a fatal error the producer is replaced") {
    captured_log logged;
    coroutine_thread thread;
    auto out = about_to_fail(thread);
    CHECK(thread.run(out->publish({text("t", "a", "2")})).error() == errc::unavailable);
    CHECK(becomes_true([&] { return !thread.run(out->publish({text("t", "a", "3")})).has_error(); }));
    CHECK(logged.count("kafka.producer_renewed") == 1);
}

TEST_CASE("a producer closes while it is replaced") {
    captured_log logged;
    coroutine_thread thread;
    auto out = about_to_fail(thread);
    auto lost = thread.start(out->publish({text("t", "a", "2")}));
    thread.call([] {});
    out->close(5s);
    CHECK(lost.get().error() == errc::unavailable);
    CHECK(logged.count("kafka.producer_renewed") == 1);
}

TEST_CASE("closing the producer ends running calls and rejects later ones") {
    auto& cluster = shared();
    coroutine_thread thread;
    auto out = open_producer({.brokers = cluster.brokers(), .client_id = "test"});
    REQUIRE_FALSE(thread.run(out->publish({text("t", "a", "1")})).has_error());
    auto last = thread.start(out->publish(numbered("t", 0, 100)));
    thread.call([] {});
    out->close(2s);
    CHECK_FALSE(last.get().has_error());
    CHECK(thread.run(out->publish({text("t", "a", "2")})).error() == errc::closed);

    auto cut = open_producer({.brokers = cluster.brokers(), .client_id = "test"});
    cluster.down();
    auto lost = thread.start(cut->publish({text("t", "a", "3")}));
    thread.call([] {});
    cut->close(50ms);
    cluster.up();
    CHECK(lost.get().error() == errc::unavailable);
}

TEST_CASE("a producer without records in flight closes at once") {
    coroutine_thread thread;
    auto out = open_producer({.brokers = shared().brokers(), .client_id = "test"});
    REQUIRE_FALSE(thread.run(out->publish({text("t", "a", "1")})).has_error());
    const auto begun = std::chrono::steady_clock::now();
    out->close(5s);
    CHECK(std::chrono::steady_clock::now() - begun < 500ms);
}

TEST_CASE("the library's threads sleep past their timers instead of spinning, and ours do not") {
    coroutine_thread thread;
    const auto out = open_producer({.brokers = shared().brokers(), .client_id = "test"});
    REQUIRE_FALSE(thread.run(out->publish({text("t", "a", "1")})).has_error());
    const auto first_line = [](const std::filesystem::path& file) {
        std::ifstream in(file);
        std::string line;
        std::getline(in, line);
        return line;
    };
    int library = 0, own = 0;
    // The names of the threads whose slack is not as it should be.
    const auto wrong = [&] {
        std::string names;
        library = own = 0;
        for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
            const auto name = first_line(task.path() / "comm");
            const auto slack = first_line("/proc" / task.path().filename() / "timerslack_ns");
            const bool theirs = name == "rdk:main";
            if (slack.empty() || (!theirs && name.starts_with("rdk:"))) continue;  // ended, or without timers
            ++(theirs ? library : own);
            if ((std::stol(slack) > 1'000'000) != theirs) names += name + ' ';
        }
        return names;
    };
    // A thread of the library has the name of its maker until it runs, which on a busy machine may be later.
    const auto limit = std::chrono::steady_clock::now() + 5s;
    while (!wrong().empty() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    CHECK(wrong() == "");
    CHECK(library > 0);
    CHECK(own > 0);
}

TEST_CASE("a full queue makes publish wait, and ends it as an outage after a limit") {
    auto& cluster = shared();
    coroutine_thread thread;
    auto out = open_producer({.brokers = cluster.brokers(), .client_id = "test"});
    const auto five_thousand = [&] { return thread.start(out->publish(numbered("t", 0, 5'000))); };
    cluster.down();
    std::vector<std::future<result<>>> all;
    for (int i = 0; i < 10; ++i) all.push_back(five_thousand());
    CHECK(five_thousand().get().error() == errc::unavailable);
    all.push_back(five_thousand());
    cluster.up();
    for (auto& each : all) CHECK_FALSE(each.get().has_error());
}

// The mock cluster lets a new group wait three seconds (and forgets members with a shorter session meanwhile), so one
// case has several groups join side by side. Not by default: on a busy machine the mock loses members for good. The
// same is asked of the real broker in kafka_broker_test; `airi-tests-unit --no-skip` runs this one too.
TEST_CASE("any member continues from the group's committed offset" * doctest::skip()) {
    auto& cluster = shared();
    coroutine_thread thread;
    auto out = open_producer({.brokers = cluster.brokers(), .client_id = "test"});
    REQUIRE_FALSE(thread.run(out->publish(numbered("faults", 0, 1))).has_error());

    recording_owner faults(recording_owner::commits::on_arrival);
    recording_owner before(recording_owner::commits::on_arrival), after(recording_owner::commits::never);
    recording_owner paused(recording_owner::commits::never);
    faults.open(member_of(cluster, "f", "faults"), thread);
    before.open(member_of(cluster, "h", "handover"), thread);
    paused.open(member_of(cluster, "p", "paused"), thread);

    // Produce errors that may pass are retried; each record arrives once and in order, headers and key with
    // it.
    cluster.fail_next(produce, {not_leader, connection_closed, request_timed_out});
    auto batch = numbered("faults", 1, 20);
    batch.front().headers = {{"id", "a"}, {"id", "b"}, {"empty", ""}};
    REQUIRE_FALSE(thread.run(out->publish(std::move(batch))).has_error());
    cluster.fail_next(offset_commit, {request_timed_out});
    REQUIRE(faults.arrive(21));
    CHECK(faults.values() == numbers(21));
    const auto with = faults.messages()[1];
    CHECK(with.key == "k");
    CHECK(with.header_value("id") == "b");
    CHECK(with.headers.size() == 3);

    // Partitions change hands without a gap. That nothing is read twice takes a real broker: the mock refuses
    // commits during a rebalance.
    REQUIRE_FALSE(thread.run(out->publish(numbered("handover", 0, 5))).has_error());
    REQUIRE(before.arrive(5));
    after.open(member_of(cluster, "h", "handover"), thread);
    REQUIRE(becomes_true([&] { return before.revocations() == 1; }));
    REQUIRE(becomes_true([&] { return before.owned().size() + after.owned().size() == 1; }));
    auto& now_reading = after.owned().empty() ? before : after;
    REQUIRE_FALSE(thread.run(out->publish(numbered("handover", 5, 5))).has_error());
    // What was read before may come again first.
    REQUIRE(becomes_true([&] { return std::ranges::count(now_reading.values(), "9") > 0; }));
    auto values = before.values();
    if (&now_reading == &after)
        for (auto& v : after.values()) values.push_back(v);
    for (const auto& each : numbers(10)) CHECK(std::ranges::count(values, each) >= 1);
    CHECK(std::ranges::count(values, "9") == 1);

    // A pause stops a partition, a resume goes on at the very next record.
    REQUIRE_FALSE(thread.run(out->publish(numbered("paused", 0, 3))).has_error());
    REQUIRE(paused.arrive(3));
    thread.call([&] {
        paused.consumer().pause({"paused", 0});
        paused.consumer().resume({"paused", 7});
    });
    REQUIRE_FALSE(thread.run(out->publish(numbered("paused", 3, 400))).has_error());
    CHECK_FALSE(paused.arrive(4, 300ms));
    thread.call([&] { paused.consumer().resume({"paused", 0}); });
    REQUIRE(paused.arrive(403));
    CHECK(paused.values() == numbers(403));
    CHECK(becomes_true([&] { return paused.consumer().lag() == 0; }));
}

TEST_CASE("a consumer stops within its limit when the broker is away") {
    auto& cluster = shared();
    coroutine_thread thread;
    recording_owner owner(recording_owner::commits::never);
    owner.open(member_of(cluster, "g", "t"), thread);
    cluster.down();
    const auto begun = std::chrono::steady_clock::now();
    owner.close();
    cluster.up();
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
}
