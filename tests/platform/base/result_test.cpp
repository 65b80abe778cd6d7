#include "platform/base/result.hpp"

#include <boost/asio/error.hpp>

#include "events/codec.hpp"
#include "platform/base/json.hpp"
#include "platform/kafka/kafka.hpp"
#include "platform/postgres/postgres.hpp"
#include "platform/redis/redis.hpp"
#include "tests/support/cpp/print.hpp"
#include "workers/providers/provider.hpp"
#include "workers/runtime/errors.hpp"

using namespace airi;

namespace {

template <class Code>
void means(failure kind, std::initializer_list<Code> codes) {
    for (const auto code : codes) {
        const error_code ec = make_error_code(code);
        CAPTURE(ec);
        CHECK(failure_of(ec) == kind);
        CHECK(ec == kind);
        for (const auto other : {failure::outage, failure::again, failure::refused, failure::missing, failure::broken,
                 failure::misconfigured})
            CHECK((ec == other) == (other == kind));
        CHECK(ec.message() != "unknown");
    }
}

}  // namespace

TEST_CASE("every error code has exactly one kind of failure and a message") {
    means(failure::outage, {kafka::errc::unavailable, kafka::errc::closed});
    means(failure::refused, {kafka::errc::too_large, kafka::errc::rejected});
    means(failure::misconfigured, {kafka::errc::unknown_topic, kafka::errc::misconfigured});
    means(failure::broken, {kafka::errc::broken});
    means(failure::outage, {postgres::errc::unavailable, postgres::errc::busy, postgres::errc::conflict});
    means(failure::misconfigured, {postgres::errc::unmigrated, postgres::errc::damaged});
    means(failure::again, {postgres::errc::fenced});
    means(failure::refused, {postgres::errc::duplicate, postgres::errc::invalid, postgres::errc::denied});
    means(failure::broken, {postgres::errc::broken});
    means(failure::outage, {redis::errc::unavailable, redis::errc::timed_out});
    means(failure::misconfigured, {redis::errc::misconfigured});
    means(failure::broken, {redis::errc::refused});
    means(failure::refused, {json::errc::not_json, json::errc::too_deep, json::errc::wrong_type});
    means(failure::refused,
        {events::errc::not_json, events::errc::missing_field, events::errc::wrong_type, events::errc::out_of_bounds});
    means(failure::outage, {workers::errc::leased});
    means(failure::refused, {workers::errc::unknown_generation});
    means(failure::broken, {workers::errc::threw});
    using provider = workers::providers::errc;
    means(failure::again, {provider::rate_limited, provider::overloaded, provider::unavailable, provider::interrupted,
                              provider::malformed});
    means(failure::broken, {provider::unauthorized, provider::bad_model});
    means(failure::refused, {provider::prompt_refused});
}

TEST_CASE("an error of another library counts as an outage") {
    CHECK(failure_of(boost::asio::error::connection_refused) == failure::outage);
    CHECK(failure_of(boost::asio::error::eof) == failure::outage);
    CHECK(failure_of(make_error_code(boost::system::errc::no_space_on_device)) == failure::outage);
}

TEST_CASE("the kinds of failure have the names that logs and metrics show") {
    CHECK(name_of(failure::outage) == "outage");
    CHECK(name_of(failure::again) == "again");
    CHECK(name_of(failure::refused) == "refused");
    CHECK(name_of(failure::missing) == "missing");
    CHECK(name_of(failure::broken) == "broken");
    CHECK(make_error_condition(failure::broken).message() == "broken");
}

TEST_CASE("a result is a value or the error that stands for it") {
    const result<int> good = 3;
    const result<int> bad = json::errc::too_deep;
    REQUIRE(good);
    CHECK(*good == 3);
    REQUIRE_FALSE(bad);
    CHECK(bad.error() == failure::refused);
}
