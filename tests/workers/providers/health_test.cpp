#include <doctest/doctest.h>

#include "workers/providers/estimate.hpp"
#include "workers/providers/health.hpp"

namespace airi::tests {
namespace {

using namespace workers::providers;
using state = health::state;

const moment start{std::chrono::hours(100)};
moment at(int s) { return start + seconds(s); }

health broken_one() {
    health h;
    for (int i = 0; i < 3; ++i) h.failed(start, errc::unavailable);
    return h;
}

}  // namespace

TEST_CASE("three failures in a row open the breaker for a minute") {
    health h;
    h.failed(start, errc::unavailable);
    h.failed(start, errc::interrupted);
    CHECK(h.allows(start));
    h.failed(start, errc::malformed);
    CHECK(!h.allows(start));
    CHECK(h.current(at(59)) == state::open);
    CHECK(!h.allows(at(59)));
    CHECK(h.current(at(60)) == state::half_open);
    CHECK(h.allows(at(60)));
}

TEST_CASE("a success resets the count of failures") {
    health h;
    for (int i = 0; i < 10; ++i) {
        h.failed(start, errc::unavailable);
        h.failed(start, errc::unavailable);
        h.succeeded(start, milliseconds(10));
    }
    CHECK(h.allows(start));
}

TEST_CASE("a half-open breaker allows one probe, whose outcome decides") {
    auto h = broken_one();
    CHECK(h.allows(at(60)));
    CHECK(!h.allows(at(60)));
    SUBCASE("success closes") {
        h.succeeded(at(61), milliseconds(10));
        CHECK(h.current(at(61)) == state::closed);
        CHECK(h.allows(at(61)));
        CHECK(h.allows(at(61)));
    }
    SUBCASE("failure opens for another minute") {
        h.failed(at(61), errc::unavailable);
        CHECK(!h.allows(at(120)));
        CHECK(h.allows(at(121)));
    }
    SUBCASE("an abandoned probe is free for the next") {
        h.abandoned();
        CHECK(h.allows(at(61)));
        CHECK(!h.allows(at(61)));
    }
    SUBCASE("a refused prompt shows that the provider is up") {
        h.failed(at(61), errc::prompt_refused);
        CHECK(h.current(at(61)) == state::closed);
    }
    SUBCASE("a probe nobody reports on is given up in the end") {
        CHECK(!h.allows(at(119)));
        CHECK(h.allows(at(120)));
    }
}

TEST_CASE("a rate limit with retry_after opens the breaker for that time") {
    health h;
    h.failed(start, errc::rate_limited, seconds(7));
    CHECK(!h.allows(at(6)));
    CHECK(h.allows(at(7)));
}

TEST_CASE("a rate limit without retry_after counts like any failure") {
    health h;
    h.failed(start, errc::rate_limited);
    CHECK(h.allows(start));
}

TEST_CASE("late failures do not shorten a pause") {
    health h;
    h.failed(start, errc::rate_limited, seconds(300));
    for (int i = 0; i < 3; ++i) h.failed(at(1), errc::unavailable);
    CHECK(!h.allows(at(299)));
}

TEST_CASE("errors of the prompt or the model leave the provider's health unchanged") {
    health h;
    for (int i = 0; i < 10; ++i) {
        h.failed(start, errc::prompt_refused);
        h.failed(start, errc::bad_model);
    }
    CHECK(h.allows(start));
    CHECK(h.success_rate() == 1);
}

TEST_CASE("success rate and latency are moving averages") {
    health h;
    h.succeeded(start, milliseconds(100));
    CHECK(h.latency() == milliseconds(100));
    h.succeeded(start, milliseconds(200));
    CHECK(h.latency() == milliseconds(110));
    h.failed(start, errc::unavailable);
    CHECK(h.success_rate() == doctest::Approx(0.9));
}

TEST_CASE("the table has one health per name") {
    health_table table;
    table.of("openai").failed(start, errc::rate_limited, seconds(5));
    CHECK(!table.of("openai").allows(start));
    CHECK(table.of("groq").allows(start));
    int count = 0;
    table.each([&](std::string_view, const health&) { ++count; });
    CHECK(count == 2);
}

TEST_CASE("the estimate is a quarter of the bytes and at least the number of words") {
    CHECK(estimate_tokens("") == 0);
    CHECK(estimate_tokens("a") == 1);
    CHECK(estimate_tokens("abcde") == 2);
    CHECK(estimate_tokens("a b c d e") == 5);
    CHECK(estimate_tokens(" \n\t ") == 1);
    CHECK(estimate_tokens(std::string(400, 'x')) == 100);
}

}  // namespace airi::tests
