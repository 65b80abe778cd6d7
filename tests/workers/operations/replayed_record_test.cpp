#include "workers/operations/replayed_record.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace airi;
using namespace airi::workers::operations;

namespace {

std::string_view header_of(const kafka::record& record, std::string_view name) {
    const auto found = std::ranges::find(record.headers, name, &kafka::header::name);
    return found == record.headers.end() ? "none" : std::string_view(found->value);
}

kafka::message in(std::string topic) {
    kafka::message out;
    out.topic = std::move(topic);
    return out;
}

}  // namespace

TEST_CASE("a replayed record keeps its key, value and event, and loses the headers of its delivery") {
    auto letter = in("chat.requested.v1-dlt");
    letter.key = "k";
    letter.value = std::string("\0\xff", 2);
    letter.headers = {{"ce_id", "1"}, {"ce_type", "t"}, {"traceparent", "00-1"}, {"kafka_dlt-original-topic", "x"},
        {"retry_topic-attempts", "3"}, {"airi-attempts", "4"}, {"x-replay-id", "old"}, {"x-replay-count", "2"},
        {"airi-group", "chat"}, {"mine", "kept"}};
    const auto again = replayed(letter, origin_of(letter), "new");
    CHECK(again.topic == "chat.requested.v1");
    CHECK(again.key == letter.key);
    CHECK(again.value == letter.value);
    CHECK(again.headers.size() == 5);
    CHECK(header_of(again, "ce_id") == "1");
    CHECK(header_of(again, "mine") == "kept");
    CHECK(header_of(again, "x-replay-id") == "new");
    CHECK(header_of(again, "x-replay-count") == "3");
    CHECK(replays_of(letter) == 2);
    CHECK(header_of(replayed(letter, "a.v1", "new", "usage"), "airi-group") == "usage");
}

TEST_CASE("a record comes from the topic of its dead letters or retries, else from its own") {
    for (const auto* topic : {"a.v1", "a.v1-dlt", "a.v1-retry"}) CHECK(origin_of(in(topic)) == "a.v1");
    auto damaged = in("a");
    damaged.headers = {{"x-replay-count", "many"}};
    CHECK(replays_of(damaged) == 0);
}
