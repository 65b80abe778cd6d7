// The yearly numbers of referrals to help: counted from the rows, kept when these are deleted. Each test has a year of
// its own.
#include "tests/sql/product_databases.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::tests;

namespace {

constexpr std::string_view profile = "ezri";

const postgres::prepared join{"referrals.join",
    "insert into airi.users (id, email, plan, country) select $1::uuid, $1::text, id, $2::text from airi.plans "
    "where is_default",
    {"id", "country"}};
const postgres::prepared refer{"referrals.refer",
    "insert into airi.moderation_decisions (message_id, user_id, action, confidence, reason, created_at, safety) "
    "values ($1::uuid, $2::uuid, 'review', 1, 'crisis', $3::timestamptz, "
    "jsonb_build_object('way', $4::text, 'country', $5::text))",
    {"message", "user", "at", "way", "country"}};
const postgres::prepared raise{"referrals.raise",
    "insert into airi.crisis_alerts (id, user_id, message_id, origin, severity, trigger_type, resources_shown, "
    "created_at, keep_until) values (gen_random_uuid(), $1::uuid, $2::uuid, $3::text, 'high', 'suicide', true, "
    "$4::timestamptz, $4::timestamptz + interval '1 year')",
    {"user", "message", "origin", "at"}};
const postgres::prepared mark{
    "referrals.mark", "update airi.crisis_alerts set false_alarm = 'user' where user_id = $1::uuid", {"user"}};
const postgres::prepared count{"referrals.count", "select airi.job_crisis_referrals()", {}};
const postgres::prepared erase{"referrals.erase", "select airi.erase_account($1::uuid)", {"user"}};
const postgres::prepared forget{
    "referrals.forget", "delete from airi.crisis_alerts where user_id = $1::uuid", {"user"}};
const postgres::prepared counted{"referrals.counted",
    "select string_agg(country || ' ' || kind || ' ' || shown || '/' || false_alarms, ', ' order by country, kind) "
    "from airi.crisis_referrals where year = $1::int and shown > 0",
    {"year"}};
const postgres::prepared published{"referrals.published",
    "select r ->> 'shown', r ->> 'false_alarms', (r ->> 'countries') from airi.referrals_of_year($1::int) r", {"year"}};

struct people {
    int year;

    std::string at(std::string_view day_and_time) const {
        return std::to_string(year) + "-" + std::string(day_and_time);
    }
    user_id joined(std::optional<std::string> country = std::nullopt) const {
        const auto id = user_id::fresh();
        databases().row(profile, join, {id.text(), country});
        return id;
    }
    void referred(const user_id& user, const std::string& way, const std::string& country,
        std::string_view when = "06-01T12:00:00Z", bool alert = false) const {
        const auto message = uuid::v7().text();
        databases().row(profile, refer, {message, user.text(), at(when), way, country});
        if (alert) databases().row(profile, raise, {user.text(), message, "detection", at(when)});
    }
    std::string now_counted() const {
        databases().row(profile, count);
        return databases().row(profile, counted, {std::to_string(year)});
    }
    std::string now_published() const { return databases().row(profile, published, {std::to_string(year)}); }
};

}  // namespace

TEST_CASE("SB 243: referrals are counted by the calendar year in UTC, by country and kind, without other decisions") {
    const people these{2031};
    const auto user = these.joined();
    these.referred(user, "help", "US", "01-01T00:00:00Z", true);
    these.referred(user, "help", "US", "12-31T23:59:59Z", true);
    these.referred(user, "ask", "US");
    these.referred(user, "ask", "*");
    these.referred(user, "careful", "US");
    const people others{2032};
    others.referred(user, "help", "US", "01-01T00:00:00Z", true);
    CHECK(these.now_counted() == "* ask 1/0, US ask 1/0, US help 2/0");
    CHECK(others.now_counted() == "US help 1/0");
    // A false alarm is counted when somebody says so, however late.
    databases().row(profile, mark, {user.text()});
    CHECK(these.now_counted() == "* ask 1/0, US ask 1/0, US help 2/2");
}

TEST_CASE("SB 243: an erased account stays counted, once, and so does an alert whose time is over") {
    const people these{2033};
    const auto user = these.joined("AT"), other = these.joined("AT");
    for (const auto& one : {user, other}) {
        these.referred(one, "help", "AT", "06-01T12:00:00Z", true);
        databases().row(profile, raise, {one.text(), std::nullopt, "user", these.at("06-01T12:00:00Z")});
    }
    databases().row(profile, mark, {user.text()});
    const std::string all = "AT by_hand 2/1, AT help 2/1";
    CHECK(these.now_counted() == all);
    CHECK(databases().row(profile, erase, {user.text()}) == "t");
    CHECK(these.now_counted() == all);
    databases().row(profile, mark, {other.text()});
    const std::string marked = "AT by_hand 2/2, AT help 2/2";
    CHECK(these.now_counted() == marked);
    for (const auto& one : {user, other}) databases().row(profile, forget, {one.text()});
    CHECK(these.now_counted() == marked);
    CHECK(databases().row(profile, erase, {other.text()}) == "t");
    CHECK(these.now_counted() == marked);
    // Nothing of it names a person.
    static const postgres::prepared columns{"referrals.columns",
        "select string_agg(attname, ' ' order by attnum) from pg_attribute "
        "where attrelid = 'airi.crisis_referrals'::regclass and attnum > 0",
        {}};
    CHECK(databases().row(profile, columns) ==
          "year country kind shown false_alarms erased_shown erased_false_alarms counted_at");
}

TEST_CASE("SB 243: an account that is erased before the first count is counted all the same") {
    const people these{2034};
    const auto user = these.joined();
    these.referred(user, "ask", "FR");
    CHECK(databases().row(profile, erase, {user.text()}) == "t");
    CHECK(these.now_counted() == "FR ask 1/0");
}

TEST_CASE("HB 2225: numbers below five are hidden from the public, and no sum gives them away") {
    const people these{2035};
    const auto user = these.joined();
    const auto refer_so_often = [&](int times, const std::string& country) {
        for (int i = 0; i < times; ++i) these.referred(user, "help", country, "06-01T12:00:00Z", i == 0);
        databases().row(profile, count);
    };
    CHECK(these.now_published() == "0|0|[]");
    refer_so_often(5, "DE");
    CHECK(these.now_published() == R"(5|0|[{"country" : "DE", "shown" : 5, "false_alarms" : 0}])");
    refer_so_often(4, "US");
    CHECK(these.now_published() == R"(|0|[{"country" : "DE", "shown" : 5, "false_alarms" : 0}, )"
                                   R"({"country" : "US", "shown" : "<5", "false_alarms" : 0}])");
    refer_so_often(1, "*");
    databases().row(profile, mark, {user.text()});
    CHECK(these.now_counted() == "* help 1/1, DE help 5/1, US help 4/1");
    CHECK(these.now_published() == R"(10||[{"country" : null, "shown" : "<5", "false_alarms" : "<5"}, )"
                                   R"({"country" : "DE", "shown" : 5, "false_alarms" : "<5"}, )"
                                   R"({"country" : "US", "shown" : "<5", "false_alarms" : "<5"}])");
}

TEST_CASE("SB 243: the gateway reads the numbers, and neither it nor a worker changes them") {
    for (const auto role : {as_gateway, as_worker}) {
        static const postgres::prepared change{"referrals.change", "update airi.crisis_referrals set shown = 0", {}};
        postgres::transaction work;
        work.statements.push_back({&change, {}});
        CHECK_FALSE(test::run(databases().at(profile, role), std::move(work)));
    }
    static const postgres::prepared read{"referrals.read", "select airi.referrals_of_year(2031) ->> 'year'", {}};
    CHECK(databases().lines(profile, {&read, {}}, as_gateway) == "2031");
}
