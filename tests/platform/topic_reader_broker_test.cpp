// Reading a range of a topic from a real broker.
#include "platform/kafka/topic_reader.hpp"

#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "tests/support/cpp/kafka_broker.hpp"
#include "tests/support/cpp/kafka_owner.hpp"

using namespace airi;
using namespace airi::kafka;
using namespace airi::test;
using namespace std::chrono_literals;

namespace {

void publish(const std::string& topic, int from, int count) {
    coroutine_thread thread;
    const auto out = open_producer({.brokers = broker_access(), .client_id = "test"});
    std::vector<record> all;
    for (int i = from; i < from + count; ++i) all.push_back({topic, "k" + std::to_string(i), std::to_string(i), {}});
    REQUIRE_FALSE(thread.run(out->publish(std::move(all))).has_error());
}

std::unique_ptr<topic_reader> reader_of(const topic_range& range, const positions& begun = {}) {
    auto made = topic_reader::open(broker_access(), range, begun, 20s);
    REQUIRE_MESSAGE(made.has_value(), made.error().message());
    return std::move(*made);
}

// The values of the next `most` records.
std::set<int> read(topic_reader& from, std::size_t most = 100'000) {
    std::set<int> out;
    while (out.size() < most) {
        const auto next = from.next();
        REQUIRE(next.has_value());
        if (!*next) break;
        CHECK(out.insert(std::stoi((*next)->value)).second);
    }
    return out;
}

std::set<int> numbers(int from, int count) {
    std::set<int> out;
    for (int i = from; i < from + count; ++i) out.insert(i);
    return out;
}

}  // namespace

TEST_CASE("a reader gives each record once, and ends with what the topic held when it began") {
    const auto topic = fresh_topic(3);
    publish(topic, 0, 500);
    const auto reader = reader_of({topic, {}, {}});
    CHECK(reader->left() == 500);
    publish(topic, 500, 100);
    CHECK(read(*reader) == numbers(0, 500));
    CHECK(reader->left() == 0);
    const auto end = reader->next();
    CHECK((end && !end->has_value()));
    CHECK(read(*reader_of({topic, {}, {}})) == numbers(0, 600));
}

TEST_CASE("a reader goes on where an earlier one stopped") {
    const auto topic = fresh_topic(3);
    publish(topic, 0, 300);
    auto first = reader_of({topic, {}, {}});
    auto seen = read(*first, 120);
    const auto reached = first->reached();
    first.reset();
    const auto rest = read(*reader_of({topic, {}, {}}, reached));
    CHECK(rest.size() == 180);
    seen.insert(rest.begin(), rest.end());
    CHECK(seen == numbers(0, 300));
}

TEST_CASE(
    "a reader notices that its topic is another one, which ends before the position that an earlier one reached") {
    const auto topic = fresh_topic(2);
    publish(topic, 0, 10);
    auto first = reader_of({topic, {}, {}});
    CHECK_FALSE(first->is_short());
    read(*first);
    auto reached = first->reached();
    CHECK_FALSE(reader_of({topic, {}, now() - 1h}, reached)->is_short());
    ++reached[1];
    CHECK(reader_of({topic, {}, {}}, reached)->is_short());
    CHECK(reader_of({topic, {}, {}}, {{2, 0}})->is_short());
}

TEST_CASE("a reader keeps to a range of time") {
    const auto topic = fresh_topic(2);
    publish(topic, 0, 50);
    const auto between = [] {
        std::this_thread::sleep_for(20ms);  // the broker's times have milliseconds
        const auto at = now();
        std::this_thread::sleep_for(20ms);
        return at;
    };
    const auto first = between();
    publish(topic, 50, 50);
    const auto second = between();
    publish(topic, 100, 50);
    CHECK(read(*reader_of({topic, first, second})) == numbers(50, 50));
    CHECK(read(*reader_of({topic, second, {}})) == numbers(100, 50));
    CHECK(read(*reader_of({topic, {}, first})) == numbers(0, 50));
    CHECK(read(*reader_of({topic, now() + 1h, {}})).empty());
    CHECK(read(*reader_of({topic, {}, now() - 1h})).empty());
}

TEST_CASE("a reader names what cannot be read") {
    fresh_topic(1);
    const auto unknown = topic_reader::open(broker_access(), {"no-such-topic", {}, {}}, {}, 5s);
    CHECK((unknown.error() == errc::unknown_topic));
    CHECK(topic_reader::open(std::string("127.0.0.1:1"), {"a", {}, {}}, {}, 500ms).error() == errc::unavailable);
    const auto empty = fresh_topic(2);
    CHECK(read(*reader_of({empty, {}, {}})).empty());
}
