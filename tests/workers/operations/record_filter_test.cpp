#include "workers/operations/record_filter.hpp"

#include <doctest/doctest.h>

using namespace airi;
using namespace airi::workers::operations;

namespace {

kafka::message sample() {
    kafka::message out;
    out.topic = "chat.requested.v1";
    out.key = "k1";
    out.value = R"({"user_id":"u1","tokens":3,"more":{"a/b":true,"list":[1]},"none":null})";
    out.headers = {{"ce_type", "chat.requested.v1"}, {"kafka_dlt-original-consumer-group", "chat"},
        {"kafka_dlt-exception-message", "the value is no JSON object"}};
    return out;
}

bool matches(record_filter filter) { return filter.matches(sample()); }

record_filter where(std::string_view condition) {
    record_filter out;
    out.where = {read_condition(condition).value()};
    return out;
}

}  // namespace

TEST_CASE("a filter without conditions matches every record") { CHECK(matches({})); }

TEST_CASE("each condition of a filter must hold") {
    record_filter filter;
    filter.key = "k1";
    filter.type = "chat.requested.v1";
    filter.group = "chat";
    filter.error = "no JSON";
    CHECK(matches(filter));
    for (auto* one : {&filter.key, &filter.type, &filter.group, &filter.error}) {
        const auto before = *one;
        *one = "other";
        CHECK_FALSE(matches(filter));
        *one = before;
    }
}

TEST_CASE("a JSON pointer finds strings, numbers, booleans and nested members, and nothing where it leads nowhere") {
    for (const auto* good : {"/user_id=u1", "/tokens=3", "/more/a~1b=true", "/more/list=[1]", "/none=null"})
        CHECK_MESSAGE(matches(where(good)), good);
    for (const auto* bad : {"/user_id=u2", "/tokens=\"3\"", "/more/a/b=true", "/more/list/0=1", "/absent=null", "/=u1"})
        CHECK_FALSE_MESSAGE(matches(where(bad)), bad);
    auto garbage = sample();
    garbage.value = "\xff{";
    CHECK_FALSE(where("/user_id=u1").matches(garbage));
}

TEST_CASE("a condition has a pointer and a value, which may have further equals signs") {
    CHECK(read_condition("/a=b=c")->value == "b=c");
    CHECK(read_condition("/a=")->value.empty());
    CHECK_FALSE(read_condition("a=b"));
    CHECK_FALSE(read_condition("/a"));
    CHECK_FALSE(read_condition(""));
}
