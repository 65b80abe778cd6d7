#include "workers/runtime/dead_letter.hpp"

#include <doctest/doctest.h>

#include "tests/support/cpp/fake_producer.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "workers/runtime/errors.hpp"
#include "workers/runtime/worker.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

kafka::message original() {
    return {.topic = "usage.recorded.v1",
        .partition = 3,
        .offset = 77,
        .appended = some_time,
        .key = std::string("k\0ey", 4),
        .value = std::string("\x00\xff not JSON", 11),
        .headers = {{"ce_id", "x"}, {"other", std::string("\0", 1)}}};
}

// The record as the broker gives it back.
kafka::message read_back(const kafka::record& r, std::int32_t partition, std::int64_t offset) {
    return {r.topic, partition, offset, some_time + seconds{60}, r.key, r.value, r.headers};
}

int count(const kafka::record& of, std::string_view name) {
    return static_cast<int>(
        std::count_if(of.headers.begin(), of.headers.end(), [&](const auto& h) { return h.name == name; }));
}

}  // namespace

TEST_CASE("a dead letter keeps the original bytes, key and headers, and names its origin and its error") {
    const auto from = original();
    const auto dead = dead_letter(from, "usage", {errc::threw, 5});
    CHECK(dead.topic == "usage.recorded.v1-dlt");
    CHECK(dead.key == from.key);
    CHECK(dead.value == from.value);
    CHECK(header(dead, "ce_id") == "x");
    CHECK(header(dead, "other") == std::string("\0", 1));
    CHECK(header(dead, "kafka_dlt-original-topic") == "usage.recorded.v1");
    CHECK(header(dead, "kafka_dlt-original-partition") == "3");
    CHECK(header(dead, "kafka_dlt-original-offset") == "77");
    CHECK(header(dead, "kafka_dlt-original-timestamp") == "1790000000123");
    CHECK(header(dead, "kafka_dlt-original-consumer-group") == "usage");
    CHECK(header(dead, "kafka_dlt-exception-fqcn") == "airi.workers");
    CHECK(header(dead, "kafka_dlt-exception-message") == "the handler threw");
    CHECK(header(dead, "airi-attempts") == "5");
}

TEST_CASE("a record for the retry topic has its due time and its attempts") {
    const auto from = original();
    const auto later = retry_later(from, "usage", {milliseconds{400}, 2}, some_time);
    CHECK(later.topic == "usage.recorded.v1-retry");
    CHECK(later.value == from.value);
    CHECK(later.key == from.key);
    const auto back = read_back(later, 1, 5);
    CHECK(attempts_of(back) == 2);
    CHECK(due_of(back) == instant{milliseconds{1'790'000'000'523}});
    CHECK(attempts_of(from) == 0);
    CHECK(due_of(from) == instant{});
}

TEST_CASE("over any number of retries the first origin stays, and headers do not accumulate") {
    auto message = original();
    for (int attempt = 1; attempt <= 4; ++attempt) {
        const auto later = retry_later(message, "usage", {milliseconds{100}, attempt}, some_time);
        CHECK(later.topic == "usage.recorded.v1-retry");
        CHECK(count(later, "retry_topic-attempts") == 1);
        CHECK(count(later, "airi-group") == 1);
        CHECK(is_for(read_back(later, 9, 1000), "usage"));
        CHECK_FALSE(is_for(read_back(later, 9, 1000), "chat"));
        CHECK(count(later, "retry_topic-backoff-timestamp") == 1);
        CHECK(count(later, "retry_topic-original-offset") == 1);
        CHECK(header(later, "retry_topic-original-topic") == "usage.recorded.v1");
        CHECK(header(later, "retry_topic-original-partition") == "3");
        CHECK(header(later, "retry_topic-original-offset") == "77");
        message = read_back(later, 9, 1000 + attempt);
    }
    const auto dead = dead_letter(message, "usage", {errc::threw, 5});
    CHECK(dead.topic == "usage.recorded.v1-dlt");
    CHECK(header(dead, "kafka_dlt-original-topic") == "usage.recorded.v1");
    CHECK(header(dead, "kafka_dlt-original-partition") == "3");
    CHECK(header(dead, "kafka_dlt-original-offset") == "77");
    CHECK(header(dead, "kafka_dlt-original-timestamp") == "1790000000123");
    CHECK(dead.value == original().value);
}

TEST_CASE("headers that are not numbers count as missing") {
    auto message = original();
    message.headers.push_back({"retry_topic-attempts", "many"});
    message.headers.push_back({"retry_topic-backoff-timestamp", ""});
    CHECK(attempts_of(message) == 0);
    CHECK(due_of(message) == instant{});
}

TEST_CASE("a record without an event id gets one derived from its offset, the same at each delivery") {
    auto message = original();
    const auto derived = record{message}.id();
    CHECK(derived == record{message}.id());
    message.offset = 78;
    CHECK(derived != record{message}.id());
    const auto given = event_id::of(uuid{}, "given");
    message.headers = {{"ce_id", given.text()}};
    CHECK(record{message}.id() == given);
}
