#include "platform/base/clock.hpp"

#include <doctest/doctest.h>

using namespace airi;

namespace {

std::string again(std::string_view text) {
    const auto read = parse_instant(text);
    return read ? to_text(*read) : "none";
}

}  // namespace

TEST_CASE("an instant is printed as RFC 3339 in UTC with microseconds, and reads back the same") {
    const instant when{std::chrono::microseconds{1'790'000'000'123'456}};
    CHECK(to_text(when) == "2026-09-21T14:13:20.123456Z");
    CHECK(parse_instant(to_text(when)) == when);
    CHECK(to_text(instant{}) == "1970-01-01T00:00:00.000000Z");
    CHECK(to_text(instant{std::chrono::microseconds{-1}}) == "1969-12-31T23:59:59.999999Z");
    const auto moment = now();
    CHECK(parse_instant(to_text(moment)) == moment);
}

TEST_CASE("a time zone offset is subtracted") {
    CHECK(again("2026-01-31T12:00:00+01:30") == "2026-01-31T10:30:00.000000Z");
    CHECK(again("2026-01-31T23:30:00-01:00") == "2026-02-01T00:30:00.000000Z");
    CHECK(again("2026-01-31T12:00:00-00:00") == "2026-01-31T12:00:00.000000Z");
    CHECK(again("2026-01-31 12:00:00z") == "2026-01-31T12:00:00.000000Z");
    CHECK(again("2026-01-31t12:00:00Z") == "2026-01-31T12:00:00.000000Z");
}

TEST_CASE("a fraction has at least one digit, and six count") {
    CHECK(again("2026-01-31T12:00:00.5Z") == "2026-01-31T12:00:00.500000Z");
    CHECK(again("2026-01-31T12:00:00.123456789Z") == "2026-01-31T12:00:00.123456Z");
    CHECK(again("2026-01-31T12:00:00.Z") == "none");
    CHECK(again("2026-01-31T12:00:00." + std::string(100, '9') + "Z") == "2026-01-31T12:00:00.999999Z");
}

TEST_CASE("the 29th of February exists in leap years only") {
    CHECK(again("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00.000000Z");
    CHECK(again("2000-02-29T00:00:00Z") == "2000-02-29T00:00:00.000000Z");
    CHECK(again("2023-02-29T00:00:00Z") == "none");
    CHECK(again("1900-02-29T00:00:00Z") == "none");
}

TEST_CASE("a leap second becomes the next second, at the end of a day only") {
    CHECK(again("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00.000000Z");
    CHECK(again("2016-12-31T15:59:60.5-08:00") == "2017-01-01T00:00:00.500000Z");
    CHECK(again("2016-12-31T23:59:61Z") == "none");
    CHECK(again("2016-12-31T23:58:60Z") == "none");
    CHECK(again("2016-12-31T23:59:60-08:00") == "none");
}

TEST_CASE("malformed RFC 3339 times are rejected") {
    for (const std::string_view text : {"", "2026", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00Z",
             "2026-1-31T12:00:00Z", "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z", "2026-01-32T12:00:00Z",
             "2026-04-31T12:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:00Zx",
             "2026-01-31T12:00:00+1:00", "2026-01-31T12:00:00+0100", "2026-01-31T12:00:00+24:00",
             "2026-01-31T12:00:00+01:60", "2026-01-31T12:00:00+01", "2026/01/31T12:00:00Z", "+026-01-31T12:00:00Z",
             " 2026-01-31T12:00:00Z", "1790000000", "now", "2026-01-31T12:00:00,5Z"}) {
        CAPTURE(text);
        CHECK(again(text) == "none");
    }
}
