#include "workers/operations/topics.hpp"

#include <doctest/doctest.h>

using namespace airi;
using namespace airi::workers::operations;
using lines = std::vector<std::string>;

namespace {

const kafka::topic_state topic{"a.v1", {{0, 5}, {1, 0}}, {{0, 9}, {1, 3}}, {}, {}};

kafka::group_state group(std::vector<kafka::group_place> places, std::set<std::string> assigned = {}) {
    return {"g", "Stable", 1, std::move(places), std::move(assigned)};
}

}  // namespace

TEST_CASE("a topic holds the records between its ends") { CHECK(topic.records() == 7); }

TEST_CASE("a group that has read a topic to its end has nothing unread") {
    CHECK(unread({topic}, {group({{"a.v1", 0, 9, 9}, {"a.v1", 1, 3, 3}})}).empty());
    CHECK(unread({topic}, {group({{"b.v1", 0, 0, 9}}, {"b.v1"})}).empty());
}

TEST_CASE("a group's unread records are those behind its offsets that the topic still holds") {
    const lines four{"the group \"g\" has 4 records of a.v1 to read"};
    CHECK(unread({topic}, {group({{"a.v1", 0, 8, 9}, {"a.v1", 1, 0, 3}})}) == four);
    CHECK(unread({topic}, {group({{"a.v1", 0, 1, 9}, {"a.v1", 1, 3, 3}})}) == four);
}

TEST_CASE("partitions without an offset of a group that reads the topic are unread") {
    CHECK(unread({topic}, {group({{"a.v1", 0, 9, 9}})}) == lines{"the group \"g\" has 3 records of a.v1 to read"});
    CHECK(unread({topic}, {group({}, {"a.v1"})}) == lines{"the group \"g\" has 7 records of a.v1 to read"});
}
