#include "workers/archive/record_line.hpp"

#include <doctest/doctest.h>

#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::workers;

namespace {

std::string every_byte() {
    std::string out;
    for (int i = 0; i < 256; ++i) out += static_cast<char>(i);
    return out;
}

kafka::message sample() {
    kafka::message out;
    out.topic = "t.v1";
    out.partition = 3;
    out.offset = 41;
    out.appended = parse_instant("2026-01-31T12:00:00.123000Z").value();
    out.key = "k\"\n\\";
    out.value = R"({"a":"ä"})";
    out.headers = {{"ce_id", "1"}, {"", ""}, {"ce_id", every_byte()}, {every_byte(), "x"}};
    return out;
}

void check_equal(const kafka::message& a, const kafka::message& b) {
    CHECK(a.topic == b.topic);
    CHECK(a.partition == b.partition);
    CHECK(a.offset == b.offset);
    CHECK(a.appended == b.appended);
    CHECK((a.key == b.key));
    CHECK((a.value == b.value));
    REQUIRE(a.headers.size() == b.headers.size());
    for (std::size_t i = 0; i < a.headers.size(); ++i) {
        CHECK((a.headers[i].name == b.headers[i].name));
        CHECK((a.headers[i].value == b.headers[i].value));
    }
}

}  // namespace

TEST_CASE("a record of any bytes comes back from its line") {
    auto record = sample();
    for (const auto& value : {record.value, std::string(), every_byte(), std::string("\0x", 2), std::string("\xFF")}) {
        record.value = record.key = value;
        const auto line = archive::line_of(record);
        REQUIRE(line.find('\n') == line.size() - 1);
        const auto read = archive::read_line("t.v1", std::string_view(line).substr(0, line.size() - 1));
        REQUIRE(read);
        check_equal(*read, record);
    }
}

TEST_CASE("a line is readable JSON") {
    kafka::message record;
    record.offset = 7;
    record.key = "k";
    record.value = R"({"a":1})";
    record.headers = {{"ce_id", "x"}};
    CHECK(archive::line_of(record) ==
          R"({"partition":0,"offset":7,"at":"1970-01-01T00:00:00.000000Z","key":"k","headers":[["ce_id","x"]],)"
          R"("value":"{\"a\":1}"})"
          "\n");
    record.value = "\xFF";
    CHECK(archive::line_of(record).ends_with("\"value\":{\"base64url\":\"_w\"}}\n"));
}

TEST_CASE("a part of a line is no record") {
    const auto line = archive::line_of(sample());
    for (std::size_t size = 0; size + 1 < line.size(); ++size)
        CHECK_FALSE(archive::read_line("t.v1", line.substr(0, size)));
    for (const std::string_view bad : {R"({})", R"([])",
             R"({"partition":-1,"offset":7,"at":"2026-01-31T12:00:00Z","key":"","headers":[],"value":""})",
             R"({"partition":0,"offset":7,"at":"yesterday","key":"","headers":[],"value":""})",
             R"({"partition":0,"offset":7,"at":"2026-01-31T12:00:00Z","key":"","headers":[["a"]],"value":""})",
             R"({"partition":0,"offset":7,"at":"2026-01-31T12:00:00Z","key":"","headers":{},"value":""})",
             R"({"partition":0,"offset":7,"at":"2026-01-31T12:00:00Z","key":{"b":""},"headers":[],"value":""})"})
        CHECK_FALSE(archive::read_line("t.v1", bad));
}
