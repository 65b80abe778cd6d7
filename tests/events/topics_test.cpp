#include "events/topics.hpp"

#include <doctest/doctest.h>

#include <set>

#include "events/schema.hpp"

using namespace airi;

TEST_CASE("every event has its released topic, a retry topic and a dead-letter topic") {
    const auto list = events::topics();
    const std::set<std::string> all(list.begin(), list.end());
    CHECK(all.size() == list.size());
    CHECK(list.size() == 3 * events::schemas().size());
    for (const std::string topic :
        {"chat.requested.v1", "chat.screened.v1", "chat.finished.v1", "moderation.decided.v1", "usage.recorded.v1"}) {
        CAPTURE(topic);
        CHECK(all.contains(topic));
        CHECK(all.contains(topic + "-retry"));
        CHECK(all.contains(topic + "-dlt"));
    }
}

TEST_CASE("retries have a quarter of their topic's partitions, dead letters have one") {
    for (const int whole : {12, 6, 1}) {
        CAPTURE(whole);
        CHECK(events::partitions_of("chat.requested.v1", whole) == whole);
        CHECK(events::partitions_of("chat.requested.v1-dlt", whole) == 1);
    }
    CHECK(events::partitions_of("chat.requested.v1-retry", 12) == 3);
    CHECK(events::partitions_of("chat.requested.v1-retry", 6) == 2);
    CHECK(events::partitions_of("chat.requested.v1-retry", 1) == 1);
}
