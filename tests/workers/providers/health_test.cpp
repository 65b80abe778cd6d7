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

TEST_CASE("SAAS-32: the failures in a row and the last error are known, and the third failure excludes the provider") {
    health h;
    CHECK(h.failures() == 0);
    CHECK(h.last_error().empty());
    CHECK(!h.measured());
    h.failed(start, errc::overloaded);
    h.failed(at(1), errc::unauthorized);
    CHECK(h.failures() == 2);
    CHECK(h.last_error() == "provider rejected the key");
    CHECK(h.measured() == at(1));
    CHECK(h.excluded_for(at(1)).count() == 0);
    h.failed(at(2), errc::unavailable);
    CHECK(h.failures() == 3);
    CHECK(h.excluded_for(at(2)) == seconds(60));
    CHECK(h.excluded_for(at(62)).count() == 0);
    CHECK(h.allows(at(62)));
    h.succeeded(at(63), milliseconds(5));
    CHECK(h.failures() == 0);
    CHECK(h.last_error() == "provider unavailable");
}

TEST_CASE("SAAS-32: the settings change after how many failures a provider is excluded, and for how long") {
    health_table table;
    table.of("openai").failed(start, errc::unavailable);
    table.set_policy({.failures_to_open = 2, .open_for = seconds(5)});
    table.of("openai").failed(start, errc::unavailable);
    CHECK(!table.allows("openai", at(4)));
    CHECK(table.allows("openai", at(5)));
    for (int i = 0; i < 2; ++i) table.of("groq").failed(start, errc::unavailable);
    CHECK(!table.allows("groq", at(4)));
}

TEST_CASE("AIRI-30: a probe ends a pause that is over, and the next failure begins another one") {
    auto h = broken_one();
    h.probed(at(30), milliseconds(3));
    CHECK(!h.allows(at(30)));
    h.probed(at(60), milliseconds(3));
    CHECK(h.current(at(60)) == state::closed);
    CHECK(h.allows(at(60)));
    CHECK(h.allows(at(60)));
    SUBCASE("a failure") {
        h.failed(at(61), errc::unavailable);
        CHECK(!h.allows(at(120)));
        CHECK(h.allows(at(121)));
    }
    SUBCASE("a reply") {
        h.succeeded(at(61), milliseconds(10));
        h.failed(at(62), errc::unavailable);
        CHECK(h.allows(at(62)));
    }
}

TEST_CASE("AIRI-30: answered probes raise the success rate but forgive no failure in a row") {
    health h;
    h.failed(start, errc::unavailable);
    h.probed(at(1), milliseconds(80));
    CHECK(h.success_rate() == doctest::Approx(0.91));
    CHECK(h.latency() == milliseconds(80));
    h.failed(at(2), errc::unavailable);
    h.probed(at(3), milliseconds(80));
    h.failed(at(4), errc::unavailable);
    CHECK(!h.allows(at(5)));
    health replied;
    replied.succeeded(start, milliseconds(700));
    replied.probed(at(1), milliseconds(3));
    CHECK(replied.latency() == milliseconds(700));
}

TEST_CASE("AIRI-30: a provider that another worker excludes is not called until then") {
    health_table table;
    CHECK(table.workers() == 1);
    table.set_others({{"openai", {.workers = 2, .measured = 1, .open_until = at(10)}}});
    CHECK(table.workers() == 3);
    CHECK(!table.allows("openai", at(9)));
    CHECK(table.allows("openai", at(10)));
    CHECK(table.allows("groq", start));
    table.set_others({});
    CHECK(table.allows("openai", start));
}

TEST_CASE("AIRI-30: success rate and latency are the means over all workers that have measured them") {
    health_table table;
    CHECK(table.standing_of("openai").success_rate == 1);
    CHECK(table.standing_of("openai").latency == milliseconds(0));
    CHECK(!table.last_measured("openai"));
    table.set_others({{"openai",
        {.workers = 3, .measured = 3, .success_rate = 0.6, .latency = milliseconds(100), .last_measured = at(5)}}});
    CHECK(table.standing_of("openai").success_rate == doctest::Approx(0.6));
    CHECK(table.last_measured("openai") == at(5));
    table.of("openai").succeeded(at(7), milliseconds(500));
    CHECK(table.standing_of("openai").success_rate == doctest::Approx((3 * 0.6 + 1) / 4));
    CHECK(table.standing_of("openai").latency == milliseconds(200));
    CHECK(table.last_measured("openai") == at(7));
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
