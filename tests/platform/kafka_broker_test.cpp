// Against a real broker: what the mock cluster cannot show (restart, static members, fencing, commits in a
// rebalance).
#include <doctest/doctest.h>

#include <chrono>
#include <map>

#include "platform/kafka/kafka.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/kafka_broker.hpp"
#include "tests/support/cpp/kafka_owner.hpp"

using namespace airi;
using namespace airi::kafka;
using namespace airi::test;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<producer> sender(milliseconds message_timeout = 30s) {
    return open_producer({.brokers = broker_access(), .client_id = "test", .message_timeout = message_timeout});
}

consumer_options member_of(const std::string& group, const std::string& topic, const std::string& instance = "") {
    return {.brokers = broker_access(), .group = group, .instance = instance, .topics = {topic}, .session_timeout = 6s};
}

record text(const std::string& topic, std::string key, std::string value) {
    return {topic, std::move(key), std::move(value), {}};
}

std::vector<record> spread(const std::string& topic, int from, int count) {
    std::vector<record> all;
    for (int i = from; i < from + count; ++i) all.push_back(text(topic, "k" + std::to_string(i), std::to_string(i)));
    return all;
}

std::set<std::string> distinct(const std::vector<std::string>& values) { return {values.begin(), values.end()}; }

// Publishes one record after the other, again after each outage, and keeps what was acknowledged.
awaitable<> publish_steadily(producer* out, std::string topic, int count, std::vector<std::string>* acknowledged) {
    for (int i = 0; i < count;) {
        std::vector<record> one{text(topic, "k", std::to_string(i))};
        if (const auto outcome = co_await out->publish(std::move(one)); outcome.has_error()) continue;
        acknowledged->push_back(std::to_string(i++));
    }
}

}  // namespace

TEST_CASE("existing topics are not changed") {
    const auto topic = fresh_topic(3);
    CHECK_FALSE(create_topics(broker_access(), {{topic, 7, {}}}, 20s).has_error());
    CHECK(create_topics(broker_access(), {{"bad", 1, {{"no.such.setting", "1"}}}}, 20s).error() == errc::rejected);
    CHECK(create_topics(std::string("127.0.0.1:1"), {{topic, 1, {}}}, 300ms).error() == errc::unavailable);
}

TEST_CASE("a record arrives unchanged with the broker's time") {
    const auto topic = fresh_topic(3);
    coroutine_thread thread;
    auto out = sender();
    recording_owner owner(recording_owner::commits::on_arrival);
    owner.open(member_of("plain", topic), thread);
    REQUIRE_FALSE(thread.run(out->publish({{topic, "key", std::string("\0\xff", 2), {{"trace", "1"}, {"none", ""}}}}))
            .has_error());
    REQUIRE(owner.arrive(1));
    const auto got = owner.messages().front();
    CHECK(got.key == "key");
    CHECK(got.value == std::string("\0\xff", 2));
    CHECK(got.header_value("trace") == "1");
    CHECK(got.headers.size() == 2);
    CHECK(now() - got.appended < 60s);
    CHECK(got.appended <= now() + 1s);
}

TEST_CASE("the key decides the partition as the Java client decides it") {
    const auto topic = fresh_topic(12);
    coroutine_thread thread;
    auto out = sender();
    recording_owner owner(recording_owner::commits::never);
    owner.open(member_of("murmur", topic), thread);
    // From org.apache.kafka.common.utils.Utils: toPositive(murmur2(key)) % 12.
    REQUIRE_FALSE(thread.run(out->publish({text(topic, "21", ""), text(topic, "foobar", ""), text(topic, "abc", "")}))
            .has_error());
    REQUIRE(owner.arrive(3));
    for (const auto& m : owner.messages()) {
        if (m.key == "21") CHECK(m.partition == ((-973932308 & 0x7fffffff) % 12));
        if (m.key == "foobar") CHECK(m.partition == ((-790332482 & 0x7fffffff) % 12));
        if (m.key == "abc") CHECK(m.partition == ((479470107 & 0x7fffffff) % 12));
    }
}

TEST_CASE("a restarted group continues from its committed offset, and lag counts the rest") {
    const auto topic = fresh_topic(2);
    coroutine_thread thread;
    auto out = sender();
    {
        recording_owner owner(recording_owner::commits::on_arrival);
        owner.open(member_of("restart", topic), thread);
        REQUIRE_FALSE(thread.run(out->publish(spread(topic, 0, 100))).has_error());
        REQUIRE(owner.arrive(100));
        CHECK(becomes_true([&] { return owner.consumer().lag() == 0; }));
        const std::map<std::string, std::int64_t> none{{topic, 0}};
        CHECK(becomes_true([&] { return owner.consumer().lag_by_topic() == none; }));
    }
    REQUIRE_FALSE(thread.run(out->publish(spread(topic, 100, 50))).has_error());
    recording_owner owner(recording_owner::commits::never);
    owner.open(member_of("restart", topic), thread);
    REQUIRE(owner.arrive(50));
    CHECK_FALSE(owner.arrive(51, 300ms));
    for (const auto& value : owner.values()) CHECK(std::stoi(value) >= 100);
    thread.call([&] {
        for (int p : {0, 1}) owner.consumer().pause({topic, p});
    });
    // A pause holds from a moment on; what comes before it is read.
    int published = 150;
    CHECK(becomes_true([&] {
        REQUIRE_FALSE(thread.run(out->publish(spread(topic, published, 50))).has_error());
        published += 50;
        const auto lags = owner.consumer().lag_by_topic();
        return owner.consumer().lag() > 0 && lags.contains(topic) && lags.at(topic) > 0;
    }));
    thread.call([&] {
        for (int p : {0, 1}) owner.consumer().resume({topic, p});
    });
    const auto all = static_cast<std::size_t>(published - 100);
    REQUIRE(owner.arrive(all));
    CHECK(distinct(owner.values()).size() == all);
    CHECK(owner.messages().size() == all);
}

TEST_CASE("a consumer may stop in the middle of a backlog") {
    const auto topic = fresh_topic(4);
    coroutine_thread thread;
    auto out = sender();
    REQUIRE_FALSE(thread.run(out->publish(spread(topic, 0, 20'000))).has_error());
    std::size_t seen = 0;
    std::set<std::string> all;
    for (int run = 0; run < 3; ++run) {
        recording_owner owner(recording_owner::commits::when_revoked);
        owner.open(member_of("backlog", topic), thread);
        const bool arrived = owner.arrive(run < 2 ? 1 : 20'000 - seen);
        std::map<kafka::partition_id, std::pair<std::int64_t, std::int64_t>> spans;
        for (const auto& m : owner.messages())
            spans.try_emplace({m.topic, m.partition}, m.offset, 0).first->second.second = m.offset;
        for (const auto& [where, span] : spans)
            MESSAGE("run ", run, ", partition ", where.partition, ": ", span.first, " to ", span.second);
        REQUIRE_MESSAGE(arrived, "run ", run, ", seen before ", seen, ", assignments ", owner.assignments(),
            ", revocations ", owner.revocations());
        owner.close();
        seen += owner.messages().size();
        for (const auto& each : owner.values()) all.insert(each);
    }
    CHECK(seen == 20'000);
    CHECK(all.size() == 20'000);
}

TEST_CASE("two members share the partitions, and offsets committed in revoked() are not read again") {
    const auto topic = fresh_topic(4);
    coroutine_thread thread;
    auto out = sender();
    recording_owner one(recording_owner::commits::when_revoked), other(recording_owner::commits::when_revoked);
    one.open(member_of("shared", topic), thread);
    REQUIRE(one.owns(4));
    REQUIRE_FALSE(thread.run(out->publish(spread(topic, 0, 200))).has_error());
    REQUIRE(one.arrive(200));
    other.open(member_of("shared", topic), thread);
    REQUIRE(becomes_true([&] { return one.owned().size() == 2 && other.owned().size() == 2; }));
    REQUIRE_FALSE(thread.run(out->publish(spread(topic, 200, 200))).has_error());
    REQUIRE(becomes_true([&] { return one.messages().size() + other.messages().size() >= 400; }));
    other.close();
    REQUIRE(one.owns(4));
    REQUIRE_FALSE(thread.run(out->publish(spread(topic, 400, 50))).has_error());
    REQUIRE(becomes_true([&] { return one.messages().size() + other.messages().size() >= 450; }));
    auto values = one.values();
    for (auto& each : other.values()) values.push_back(each);
    CHECK(values.size() == 450);
    CHECK(distinct(values).size() == 450);
}

TEST_CASE("a static member that comes back in time causes no rebalance") {
    const auto topic = fresh_topic(4);
    coroutine_thread thread;
    recording_owner stays(recording_owner::commits::never);
    auto leaves = std::make_unique<recording_owner>(recording_owner::commits::never);
    leaves->open(member_of("static", topic, "slot-1"), thread);
    stays.open(member_of("static", topic, "slot-2"), thread);
    REQUIRE(becomes_true([&] { return stays.owned().size() == 2 && leaves->owned().size() == 2; }));
    const auto had = leaves->owned();
    const auto rebalances = stays.assignments();
    leaves.reset();
    recording_owner back(recording_owner::commits::never);
    back.open(member_of("static", topic, "slot-1"), thread);
    REQUIRE(back.owns(2));
    CHECK(back.owned() == had);
    CHECK(stays.assignments() == rebalances);
    CHECK(stays.revocations() == rebalances - 1);
}

TEST_CASE("a member that was fenced joins its group again and reads on from its commits") {
    const auto topic = fresh_topic(2);
    coroutine_thread thread;
    auto out = sender();
    recording_owner owner(recording_owner::commits::on_arrival);
    owner.open(member_of("rejoins", topic, "slot-1"), thread);
    REQUIRE_FALSE(thread.run(out->publish(spread(topic, 0, 50))).has_error());
    REQUIRE(owner.arrive(50));
    REQUIRE(becomes_true([&] { return owner.consumer().lag() == 0; }));
    {
        recording_owner other(recording_owner::commits::never);
        other.open(member_of("rejoins", topic, "slot-1"), thread);
        REQUIRE(other.owns(2));
        REQUIRE(becomes_true([&] { return owner.revocations() == 1; }));
    }
    REQUIRE(owner.owns(2));
    REQUIRE_FALSE(thread.run(out->publish(spread(topic, 50, 50))).has_error());
    REQUIRE(becomes_true([&] { return distinct(owner.values()).size() == 100; }));
    CHECK_FALSE(owner.reason().has_value());
}

TEST_CASE("a second process with the same instance id fences the first and notifies its owner") {
    const auto topic = fresh_topic(2);
    coroutine_thread thread;
    recording_owner first(recording_owner::commits::never), second(recording_owner::commits::never);
    first.open(member_of("fenced", topic, "slot-1"), thread);
    REQUIRE(first.owns(2));
    second.open(member_of("fenced", topic, "slot-1"), thread);
    REQUIRE(first.fails());
    CHECK(contains(*first.reason(), "instance"));
    CHECK(second.owns(2));
    first.close();
    CHECK_FALSE(second.reason().has_value());
}

TEST_CASE("a killed broker loses no acknowledged record, and all clients reconnect") {
    const auto topic = fresh_topic(1);
    coroutine_thread thread, publishing;
    auto out = sender(3s);
    recording_owner owner(recording_owner::commits::on_arrival);
    owner.open(member_of("killed", topic), thread);
    std::vector<std::string> acknowledged;
    auto done = publishing.start(publish_steadily(out.get(), topic, 600, &acknowledged));
    REQUIRE(owner.arrive(200));
    broker().kill();
    CHECK(becomes_true([&] { return !out->available(); }));
    broker().start();
    CHECK(becomes_true([&] { return out->available(); }));
    REQUIRE(done.wait_for(60s) == std::future_status::ready);
    REQUIRE(becomes_true([&] { return distinct(owner.values()).size() == 600; }, 30s));
    CHECK(acknowledged.size() == 600);
    // What stood unacknowledged at the kill may be in the log twice; the rest is there once, however often it
    // was read.
    std::set<std::int64_t> offsets;
    for (const auto& m : owner.messages()) offsets.insert(m.offset);
    CHECK(offsets.size() <= 610);
    owner.close();
    recording_owner after(recording_owner::commits::never);
    after.open(member_of("killed", topic), thread);
    REQUIRE(after.owns(1));
    CHECK_FALSE(after.arrive(1, 500ms));
}

TEST_CASE("a hanging broker is an outage until it resumes") {
    const auto topic = fresh_topic(1);
    coroutine_thread thread;
    auto out = sender(1s);
    recording_owner owner(recording_owner::commits::on_arrival);
    owner.open(member_of("hangs", topic), thread);
    REQUIRE(owner.owns(1));
    REQUIRE_FALSE(thread.run(out->publish({text(topic, "k", "before")})).has_error());
    broker().pause();
    CHECK(thread.run(out->publish({text(topic, "k", "meanwhile")})).error() == errc::unavailable);
    CHECK_FALSE(out->available());
    broker().resume();
    CHECK(becomes_true([&] { return out->available(); }));
    CHECK(becomes_true([&] { return !thread.run(out->publish({text(topic, "k", "after")})).has_error(); }));
    CHECK(becomes_true([&] { return distinct(owner.values()).contains("after"); }));
}

TEST_CASE("a consumer stops within its limit when the broker was killed, and so does a producer") {
    const auto topic = fresh_topic(1);
    coroutine_thread thread;
    auto out = sender();
    recording_owner owner(recording_owner::commits::on_arrival);
    owner.open(member_of("stop", topic), thread);
    REQUIRE_FALSE(thread.run(out->publish(spread(topic, 0, 10))).has_error());
    REQUIRE(owner.arrive(10));
    broker().kill();
    auto lost = thread.start(out->publish(spread(topic, 10, 1)));
    auto begun = std::chrono::steady_clock::now();
    owner.close();
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    begun = std::chrono::steady_clock::now();
    out->close(500ms);
    CHECK(std::chrono::steady_clock::now() - begun < 2s);
    CHECK(lost.get().error() == errc::unavailable);
}
