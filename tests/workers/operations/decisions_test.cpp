#include "workers/operations/decisions.hpp"

#include <doctest/doctest.h>

using namespace airi;
using namespace airi::workers::operations;

namespace {

kafka::message letter(std::int64_t offset) {
    kafka::message out;
    out.topic = "chat.requested.v1-dlt";
    out.offset = offset;
    out.key = "k";
    out.value = "{";
    return out;
}

// As it is read again.
kafka::message appended(const kafka::record& record) {
    kafka::message out;
    out.topic = record.topic;
    out.key = record.key;
    out.value = record.value;
    out.headers = record.headers;
    return out;
}

}  // namespace

TEST_CASE("a dead letter waits until a decision about its place is read, and the last one counts") {
    decisions made;
    CHECK(made.of(letter(1)) == decision::waiting);
    made.add(appended(decide(letter(1), decision::parked, "o1")));
    made.add(appended(decide(letter(2), decision::dropped, "o2")));
    CHECK(made.of(letter(1)) == decision::parked);
    CHECK(made.of(letter(2)) == decision::dropped);
    CHECK(made.of(letter(3)) == decision::waiting);
    auto elsewhere = letter(1);
    elsewhere.partition = 1;
    CHECK(made.of(elsewhere) == decision::waiting);
    made.add(appended(decide(letter(1), decision::retried, "o3")));
    CHECK(made.of(letter(1)) == decision::retried);
}

TEST_CASE("a decision stands in the letter's topic under its key, without a value") {
    const auto made = decide(letter(7), decision::parked, "o1");
    CHECK(made.topic == "chat.requested.v1-dlt");
    CHECK(made.key == "k");
    CHECK(made.value.empty());
    CHECK(is_decision(appended(made)));
    CHECK_FALSE(is_decision(letter(7)));
}

TEST_CASE("a record whose headers are no decision changes nothing") {
    decisions made;
    for (const auto& [name, partition, offset] :
        {std::array{"lost", "0", "1"}, {"parked", "", "1"}, {"parked", "0", "1x"}, {"parked", "0", ""}}) {
        auto record = letter(9);
        record.headers = {
            {"airi-decision", name}, {"airi-decision-partition", partition}, {"airi-decision-offset", offset}};
        made.add(record);
    }
    CHECK(made.of(letter(1)) == decision::waiting);
}

TEST_CASE("each decision has a name, from which it is read") {
    for (const auto one : {decision::waiting, decision::retried, decision::parked, decision::dropped})
        CHECK(read_decision(name_of(one)) == one);
    CHECK_FALSE(read_decision("").has_value());
}
