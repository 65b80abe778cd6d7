// The profiles' help lines, walked row by row in a database of each product.
// A connection knows a prepared statement by its address, so each lives as long as the program.
#include <set>

#include "sql/crisis.hpp"
#include "sql/statements.hpp"
#include "tests/sql/product_databases.hpp"

using namespace airi;
using namespace airi::tests;

namespace {

constexpr std::string_view profile = "ezri";

// The text of the first column of each row.
std::set<std::string> texts(const postgres::prepared& statement, std::string_view of = profile) {
    std::set<std::string> out;
    const auto rows = databases().rows(of, {&statement, {}});
    for (std::size_t i = 0; i < rows.size(); ++i) out.insert(std::string(rows.text(i, 0)));
    return out;
}

// A line that the table takes, one member of which a test replaces.
struct line {
    std::optional<std::string> dial = "112", source = "https://x.example", verified = "2026-06-01";
    std::string expires = "2027-06-01";
};

// Whether the table accepts it; it is removed again.
bool accepts(const line& row) {
    static const postgres::prepared insert{"crisis_insert",
        "insert into airi.crisis_resources (id, country, position, kind, name, source_kind, dial, source_url, "
        "verified_on, expires_on) values ('tried', 'DE', 1, 'suicide', 'x', 'page', $1, $2, $3::date, $4::date)",
        {}};
    static const postgres::prepared remove{"crisis_remove", "delete from airi.crisis_resources where id = 'tried'", {}};
    const bool accepted = databases().runs(profile, {&insert, {row.dial, row.source, row.verified, row.expires}});
    REQUIRE(databases().runs(profile, {&remove, {}}));
    return accepted;
}

}  // namespace

TEST_CASE("EZRI-39: no help line is stale") {
    // A row that fails here: read its source_url, call the number where that is possible, correct the row, and date it.
    static const postgres::prepared stale{"stale",
        "select id from airi.crisis_resources where expires_on < current_date or verified_on < current_date - 366 "
        "or verified_on > current_date",
        {}};
    CHECK(texts(stale).empty());
}

TEST_CASE("EZRI-39: every help line names its source, and one that was not verified says so") {
    static const postgres::prepared sourceless{"sourceless",
        "select id from airi.crisis_resources where source_url !~ '^https?://[a-z0-9.-]+' "
        "or (verified_on is null) <> (source_kind in ('list', 'known'))",
        {}};
    CHECK(texts(sourceless).empty());
    static const postgres::prepared known{
        "known", "select id from airi.crisis_resources where source_kind = 'known'", {}};
    CHECK(texts(known).contains("za_sadag"));
    CHECK(accepts({}));
    CHECK_FALSE(accepts({.dial = std::nullopt}));
    CHECK_FALSE(accepts({.source = std::nullopt}));
    CHECK_FALSE(accepts({.source = "x.example"}));
    CHECK_FALSE(accepts({.verified = std::nullopt}));
    CHECK_FALSE(accepts({.expires = "2027-06-03"}));
}

TEST_CASE("EZRI-39: a number is what a person in the country dials, never E.164") {
    static const postgres::prepared numbers{"numbers",
        "select id from airi.crisis_resources, unnest(array[dial, sms_number]) n "
        "where n !~ '^[0-9][0-9 -]*$' or n ~ '^00[1-9]'",
        {}};
    CHECK(texts(numbers).empty());
    static const postgres::prepared dialled{
        "dialled", "select dial from airi.crisis_resources where country = 'AU'", {}};
    CHECK(texts(dialled) == std::set<std::string>{"000", "13 11 14"});
    for (const auto* number : {"+44116123", "+1988", "0049800111", "tel:112", ""})
        CHECK_MESSAGE(!accepts({.dial = number}), number);
}

TEST_CASE("EZRI-39: every product has lines of 38 countries, an emergency number of the union's, and the directory") {
    static const postgres::prepared with_lines{
        "with_lines", "select country from airi.crisis_resources where kind <> 'emergency' and country <> '*'", {}};
    static const postgres::prepared union_112{
        "union_112", "select country from airi.crisis_resources where kind = 'emergency' and dial = '112'", {}};
    static const postgres::prepared anywhere{
        "anywhere", "select id from airi.crisis_resources where country = '*'", {}};
    for (const auto& each : documented_profiles) {
        CAPTURE(each.profile);
        CHECK(texts(with_lines, each.profile).size() == 38);
        for (const auto* country : {"AT", "BG", "CY", "EE", "HR", "IE", "LU", "MT", "NO", "CH"})
            CHECK_MESSAGE(texts(union_112, each.profile).contains(country), country);
        CHECK(texts(anywhere, each.profile) == std::set<std::string>{"any_emergency", "any_findahelpline"});
    }
}

TEST_CASE("EZRI-39: in every country, at every hour of a week, what comes first is not shut") {
    const auto all = sql::crisis::read(databases().rows(profile, sql::bind("crisis.resources", {})));
    REQUIRE(all.size() > 80);
    const auto begin = std::chrono::floor<std::chrono::hours>(now());
    for (const auto country : sql::crisis::countries(all))
        for (int hour = 0; hour < 7 * 24; ++hour) {
            const auto when = begin + std::chrono::hours(hour);
            const auto shown = sql::crisis::for_country(all, country, when);
            REQUIRE(!shown.empty());
            const auto& first = *shown.front();
            CHECK_MESSAGE((first.hours && sql::crisis::is_open(*first.hours, when)), country, " hour ", hour);
        }
}

TEST_CASE("EZRI-39: a person's review of a number stays until the number changes") {
    static const postgres::prepared review{
        "review", "update airi.crisis_resources set reviewed_by = 'Ada' where id in ('fr_3114', 'kr_109')", {}};
    static const postgres::prepared change{
        "change", "update airi.crisis_resources set dial = '1393' where id = 'kr_109'", {}};
    static const postgres::prepared own{"own",
        "insert into airi.crisis_resources (id, country, position, kind, name, dial, source_kind, source_url, "
        "verified_on, expires_on) values ('own', 'KE', 1, 'suicide', 'x', '112', 'operator', 'https://x.example', "
        "'2026-06-01', '2027-06-01'), ('gone', 'KE', 1, 'suicide', 'x', '112', 'page', 'https://x.example', "
        "'2026-06-01', '2027-06-01')",
        {}};
    static const postgres::prepared state{"state",
        "select string_agg(id || coalesce(' ' || reviewed_by, ''), ', ' order by id) from airi.crisis_resources "
        "where id in ('fr_3114', 'kr_109', 'own', 'gone')",
        {}};
    for (const auto* statement : {&review, &change, &own}) REQUIRE(databases().runs(profile, {statement, {}}));
    databases().apply(profile);
    CHECK(databases().row(profile, state) == "fr_3114 Ada, kr_109, own");
    static const postgres::prepared forget{"forget",
        "with own as (delete from airi.crisis_resources where id = 'own') "
        "update airi.crisis_resources set reviewed_by = null",
        {}};
    REQUIRE(databases().runs(profile, {&forget, {}}));
}
