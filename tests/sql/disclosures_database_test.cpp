// When people are told that they talk with an AI: each law's rules, with a clock that the test moves.
#include <set>

#include "platform/base/json.hpp"
#include "tests/sql/product_databases.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::tests;

namespace {

constexpr std::string_view profile = "saas";
constexpr seconds minute{60}, hour{3600};

const postgres::prepared join{"disclosures.join",
    "insert into airi.users (id, email, plan, country, region, minor_until, locale) select $1::uuid, $1::text, id, "
    "$2::text, $3::text, airi.until_age((current_date - make_interval(years => $4::int))::date, 18), $5::text from "
    "airi.plans where is_default",
    {"id", "country", "region", "age", "locale"}};
const postgres::prepared due{"disclosures.due_at",
    "select kind, jurisdiction from airi.disclosures_due($1::jsonb, $2::timestamptz)", {"messages", "now"}};
const postgres::prepared texts_due{"disclosures.texts_due",
    "select content from airi.disclosures_due($1::jsonb, $2::timestamptz)", {"messages", "now"}};

// A person with a clock of their own.
struct person {
    std::optional<std::string> country = {}, region = {};
    int age = 30;
    std::string locale = "en";
    instant at = time_of("2026-03-01T08:00:00Z");
    user_id id = user_id::fresh();
    conversation_id conversation = conversation_id::fresh();
    bool joined = false;

    static instant time_of(std::string_view text) { return *parse_instant(text); }
    std::string sends(const postgres::prepared& statement = due) {
        if (!std::exchange(joined, true))
            databases().row(profile, join, {id.text(), country, region, std::to_string(age), locale});
        return databases().lines(profile, {&statement, {messages({at}), to_text(at)}});
    }
    std::string messages(const std::vector<instant>& times) const {
        json::array out;
        for (const auto time : times)
            out.add_raw(json::object()
                    .add("user_id", id.text())
                    .add("conversation_id", conversation.text())
                    .add("at", to_text(time))
                    .text());
        return out.text();
    }
    // A message each 20 minutes; the notices, each with the minutes since the first message.
    std::string goes_on(seconds length) {
        std::string out;
        const auto begin = at;
        for (; at - begin < length; at += 20 * minute)
            if (const auto told = sends(); !told.empty())
                out += std::to_string(std::chrono::duration_cast<std::chrono::minutes>(at - begin).count()) + " " +
                       told + "\n";
        return out;
    }
};

}  // namespace

TEST_CASE("NY GBL 47: everybody in New York is told at the beginning, and every three hours of continued use") {
    person one{.region = "US-NY"};
    CHECK(one.goes_on(7 * hour) == "0 start|US-NY\n180 reminder|US-NY\n360 reminder|US-NY\n");
    CHECK(contains(one.sends(texts_due), ""));
    // After half an hour without a message it is another use; the start notice need not come twice a day.
    one.at += 31 * minute;
    CHECK(one.goes_on(3 * hour + minute) == "180 reminder|US-NY\n");
    one.at += 24 * hour;
    CHECK(one.sends() == "start|US-NY");
}

TEST_CASE("NY GBL 47: the notice names a computer program, no human and no emotion, in the person's language") {
    person english{.region = "US-NY"}, german{.region = "US-NY", .locale = "de-AT"}, other{.locale = "fi"};
    const auto text = english.sends(texts_due);
    for (const auto* part : {"AI", "computer program", "not a human being", "cannot feel human emotion"})
        CHECK_MESSAGE(contains(text, part), text);
    CHECK(contains(german.sends(texts_due), "Computerprogramm, kein Mensch"));
    CHECK(other.sends(texts_due) == text);
}

TEST_CASE("SB 243 SAAS-07: a known minor in California is reminded every three hours, with a break; adults are not") {
    person minor{.region = "US-CA", .age = 17}, adult{.region = "US-CA", .age = 18};
    CHECK(minor.goes_on(4 * hour) == "0 start|US-CA\n180 reminder|US-CA\n");
    CHECK(adult.goes_on(4 * hour) == "0 start|US-CA\n");
    person again{.region = "US-CA", .age = 13};
    again.goes_on(3 * hour);
    const auto text = again.sends(texts_due);
    CHECK_MESSAGE(contains(text, "please take a break"), text);
    CHECK_MESSAGE(contains(text, "not a human being"), text);
}

TEST_CASE(
    "HB 2225 SAAS-07: from 2027 Washington reminds minors hourly and others every three hours, and tells each use") {
    const auto before = person::time_of("2026-12-31T08:00:00Z"), after = person::time_of("2027-01-01T08:00:00Z");
    person early{.region = "US-WA", .age = 15, .at = before};
    CHECK(early.goes_on(4 * hour) == "0 start|*\n");
    person minor{.region = "US-WA", .age = 15, .at = after}, adult{.region = "US-WA", .at = after};
    CHECK(minor.goes_on(2 * hour + minute) == "0 start|US-WA\n60 reminder|US-WA\n120 reminder|US-WA\n");
    CHECK(adult.goes_on(4 * hour) == "0 start|US-WA\n180 reminder|US-WA\n");
    adult.at += hour;
    CHECK(adult.sends() == "start|US-WA");
}

TEST_CASE("SB 1546: from 2027 Oregon is reminded every three hours with a break, and its rows say who interrupts") {
    person one{.region = "US-OR", .at = person::time_of("2027-01-01T08:00:00Z")};
    CHECK(one.goes_on(3 * hour) == "0 start|US-OR\n");
    CHECK(contains(one.sends(texts_due), "please take a break"));
    static const postgres::prepared interrupting{
        "disclosures.interrupting", "select distinct jurisdiction from airi.ai_disclosures where interrupts", {}};
    for (const auto& each : documented_profiles) CHECK(databases().row(each.profile, interrupting) == "US-OR");
}

TEST_CASE("AI Act Art. 50: people in the union are told at the first interaction, since August 2026") {
    person before{.country = "AT", .at = person::time_of("2026-08-01T08:00:00Z")};
    CHECK(before.goes_on(4 * hour) == "0 start|*\n");
    person after{.country = "AT", .at = person::time_of("2026-08-02T08:00:00Z")};
    CHECK(after.goes_on(4 * hour) == "0 start|EU\n");
    person region{.region = "DE-BY", .at = person::time_of("2026-08-02T08:00:00Z")};
    CHECK(region.sends() == "start|EU");
}

TEST_CASE("NY GBL 47: where the place is unknown the strictest rule holds; a place without a law has the start only") {
    person unknown, some_state{.country = "US"}, texas{.region = "US-TX"}, japan{.country = "JP"};
    CHECK(unknown.goes_on(4 * hour) == "0 start|US-CA\n180 reminder|US-NY\n");
    CHECK(some_state.goes_on(4 * hour) == "0 start|US-CA\n180 reminder|US-NY\n");
    CHECK(texas.goes_on(4 * hour) == "0 start|*\n");
    CHECK(japan.goes_on(4 * hour) == "0 start|*\n");
    // A person of two places has the rules of both.
    person both{.country = "JP", .region = "US-NY"};
    CHECK(both.goes_on(4 * hour) == "0 start|US-NY\n180 reminder|US-NY\n");
    person minor{.age = 15, .at = person::time_of("2027-02-01T08:00:00Z")};
    CHECK(minor.goes_on(61 * minute) == "0 start|US-WA\n60 reminder|US-WA\n");
}

TEST_CASE("NY GBL 47: a redelivered message gives its notice again, a late one does not, and order changes nothing") {
    person one{.region = "US-NY"};
    CHECK(one.sends() == "start|US-NY");
    CHECK(one.sends() == "start|US-NY");
    const auto begin = one.at;
    one.at += 10 * minute;
    CHECK(one.sends() == "");
    const auto again = [&](instant at, instant now) {
        return databases().lines(profile, {&due, {one.messages({at}), to_text(now)}});
    };
    CHECK(again(begin, one.at) == "start|US-NY");
    // A backlog: the message is a day old, and the next one, of now, has the notice.
    person late{.region = "US-NY"};
    late.sends();
    one = late;
    CHECK(again(late.at + 24 * hour, late.at + 30 * hour) == "");
    one.at += 30 * hour;
    CHECK(one.sends() == "start|US-NY");
    // Several messages at once, of one person: the gap between them counts.
    person many{.region = "US-NY"};
    many.sends();
    std::vector<instant> times;
    for (int i = 10; i >= 1; --i) times.push_back(many.at + i * 20 * minute);
    CHECK(databases().lines(profile, {&due, {many.messages(times), to_text(times.front())}}) == "reminder|US-NY");
}

TEST_CASE("NY GBL 47: nobody without an account is noted, and a message within a minute writes nothing") {
    person nobody;
    nobody.joined = true;
    CHECK(nobody.sends() == "");
    person one{.region = "US-NY"};
    static const postgres::prepared version{"disclosures.version",
        "select xmin::text || ' ' || ctid::text from airi.continued_use where user_id = $1::uuid", {"id"}};
    one.sends();
    const auto before = databases().row(profile, version, {one.id.text()});
    one.at += seconds{59};
    one.sends();
    CHECK(databases().row(profile, version, {one.id.text()}) == before);
    one.at += seconds{1};
    one.sends();
    CHECK(databases().row(profile, version, {one.id.text()}) != before);
}

TEST_CASE("SAAS-07: the profile leaves an operator's rules alone, and an operator's interval holds") {
    static const postgres::prepared add{"disclosures.add",
        "insert into airi.ai_disclosures (id, jurisdiction, places, audience, kind, every_seconds, texts, law, "
        "valid_from, source_kind, source_url) values ('own', 'XA', '{XA}', 'minors', 'reminder', 60, "
        "'{\"en\": \"mine\"}', 'x', '2026-01-01', 'operator', 'https://x.example')",
        {}};
    static const postgres::prepared spoil{
        "disclosures.spoil", "update airi.ai_disclosures set every_seconds = 7 where id = 'us_ny_reminder'", {}};
    static const postgres::prepared remove{
        "disclosures.remove", "delete from airi.ai_disclosures where id = 'own'", {}};
    static const postgres::prepared state{"disclosures.state",
        "select string_agg(id || ' ' || every_seconds, ', ' order by id) from airi.ai_disclosures "
        "where id in ('own', 'us_ny_reminder')",
        {}};
    for (const auto* statement : {&add, &spoil}) REQUIRE(databases().runs(profile, {statement, {}}));
    databases().apply(profile);
    CHECK(databases().row(profile, state) == "own 60, us_ny_reminder 10800");
    person minor{.country = "XA", .age = 12};
    CHECK(minor.sends() == "start|*");
    minor.at += minute;
    CHECK(minor.sends() == "reminder|XA");
    REQUIRE(databases().runs(profile, {&remove, {}}));
}

TEST_CASE("every rule has the same languages, and a source") {
    static const postgres::prepared incomplete{"disclosures.incomplete",
        "select id from airi.ai_disclosures where not texts ?& '{en,cs,de,es,fr,pt}' "
        "or (source_kind <> 'ours' and source_url !~ '^https://')",
        {}};
    for (const auto& each : documented_profiles) CHECK(databases().row(each.profile, incomplete).empty());
}
