#include "workers/runtime/delivery.hpp"

#include "platform/kafka/kafka.hpp"
#include "platform/postgres/postgres.hpp"
#include "tests/support/cpp/print.hpp"
#include "workers/runtime/errors.hpp"

using namespace airi;
using namespace airi::workers;

namespace {

const error_code outage = postgres::errc::unavailable, again = postgres::errc::fenced,
                 refused = postgres::errc::invalid, broken = errc::threw, ungranted = postgres::errc::unmigrated;

template <class Step>
Step expect(const next_step& step) {
    REQUIRE(std::holds_alternative<Step>(step));
    return std::get<Step>(step);
}

}  // namespace

TEST_CASE("a success finishes the record") {
    const retry_policy policy;
    expect<finished>(delivery(policy).after({}));
}

TEST_CASE("a temporary failure is retried with doubled pauses, then dead-lettered") {
    const retry_policy policy{.attempts = 4, .first_pause = milliseconds{100}};
    for (const auto& why : {again, broken}) {
        delivery of(policy);
        for (const int pause : {100, 200, 400}) {
            const auto wait = expect<try_again>(of.after(why));
            CHECK(wait.after == milliseconds{pause});
            CHECK_FALSE(wait.outage);
        }
        const auto dead = expect<to_dead_letters>(of.after(why));
        CHECK(dead.why == why);
        CHECK(dead.attempts == 4);
    }
}

TEST_CASE("a conflict uses up no attempt where the policy says so, and another failure does") {
    const retry_policy policy{.attempts = 2, .longest_pause = milliseconds{400}, .again_without_bound = true};
    delivery of(policy);
    for (const int pause : {200, 400, 400, 400, 400}) {
        const auto wait = expect<try_again>(of.after(again));
        CHECK(wait.after == milliseconds{pause});
        CHECK_FALSE(wait.outage);
    }
    expect<try_again>(of.after(broken));
    expect<to_dead_letters>(of.after(broken));
}

TEST_CASE("a pause has an upper bound") {
    const retry_policy policy{.attempts = 100, .first_pause = milliseconds{200}, .longest_pause = milliseconds{30'000}};
    delivery of(policy);
    for (int i = 0; i < 98; ++i) CHECK(expect<try_again>(of.after(again)).after <= milliseconds{30'000});
    CHECK(expect<try_again>(of.after(again)).after == milliseconds{30'000});
}

TEST_CASE("a refused record is dead-lettered at once") {
    const retry_policy policy;
    CHECK(expect<to_dead_letters>(delivery(policy).after(refused)).attempts == 1);
    CHECK(expect<to_dead_letters>(delivery(policy, 2).after(refused)).attempts == 3);
    CHECK(expect<to_dead_letters>(delivery(policy).after(errc::unknown_generation)).why == errc::unknown_generation);
}

TEST_CASE("an outage, a held lock or a missing grant uses up none of the record's attempts, however long it lasts") {
    const retry_policy policy{.attempts = 2, .outage_pause = milliseconds{1'000}};
    delivery of(policy);
    const error_code waited[] = {outage, ungranted, postgres::errc::busy, postgres::errc::conflict};
    for (std::size_t i = 0; i < 1'000; ++i) {
        const auto wait = expect<try_again>(of.after(waited[i % std::size(waited)]));
        CHECK(wait.outage);
        CHECK(wait.after <= milliseconds{1'000});
        CHECK(wait.after >= milliseconds{50});
    }
    CHECK_FALSE(expect<try_again>(of.after(again)).outage);
    expect<try_again>(of.after(kafka::errc::unavailable));
    expect<to_dead_letters>(of.after(again));
}

TEST_CASE("where order does not matter the record goes to the retry topic with its attempts") {
    const retry_policy policy{.attempts = 3, .first_pause = milliseconds{100}, .keep_order = false};
    const auto first = expect<to_retry_topic>(delivery(policy).after(again));
    CHECK(first.attempts == 1);
    CHECK(first.after == milliseconds{100});
    const auto second = expect<to_retry_topic>(delivery(policy, first.attempts).after(broken));
    CHECK(second.attempts == 2);
    CHECK(second.after == milliseconds{200});
    CHECK(expect<to_dead_letters>(delivery(policy, second.attempts).after(again)).attempts == 3);
    CHECK(expect<try_again>(delivery(policy).after(outage)).outage);
}

TEST_CASE("an error of the system is an outage and never dead-lettered") {
    const retry_policy policy{.attempts = 1};
    expect<try_again>(delivery(policy).after(make_error_code(boost::system::errc::connection_reset)));
}
