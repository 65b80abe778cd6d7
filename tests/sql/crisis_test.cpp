#include "sql/crisis.hpp"

#include <doctest/doctest.h>

#include "platform/base/json.hpp"

using namespace airi;
using namespace airi::sql::crisis;

namespace {

instant at(std::string_view text) { return *parse_instant(text); }

// Wednesday.
const auto noon = at("2026-11-25T12:00:00Z");

resource line(std::string country, std::string kind, std::string id, std::optional<opening> hours = opening{}) {
    return {std::move(country), std::move(kind), hours, at("2027-01-01T00:00:00Z"), R"({"id":")" + id + R"("})"};
}

// The ids of what a country is shown, in this order.
std::string shown(const std::vector<resource>& all, std::string_view country, instant now = noon) {
    std::string out;
    for (const auto* one : for_country(all, country, now)) {
        const auto parsed = json::document::parse(one->json);
        out += (out.empty() ? "" : " ") + std::string(*parsed->root()["id"].string());
    }
    return out;
}

}  // namespace

TEST_CASE("EZRI-39: a line is open between its hours, in its own zone") {
    const opening zagreb{.opens = 9 * 60, .closes = 21 * 60, .offset = 60};
    CHECK_FALSE(is_open(zagreb, at("2026-11-25T07:59:59Z")));
    CHECK(is_open(zagreb, at("2026-11-25T08:00:00Z")));
    CHECK(is_open(zagreb, at("2026-11-25T19:59:59Z")));
    CHECK_FALSE(is_open(zagreb, at("2026-11-25T20:00:00Z")));
    CHECK(is_open(opening{}, at("2026-11-25T23:59:59Z")));
}

TEST_CASE("EZRI-39: a line that closes after midnight is open in the night") {
    const opening copenhagen{.opens = 11 * 60, .closes = 4 * 60, .offset = 60};
    CHECK(is_open(copenhagen, at("2026-11-25T22:30:00Z")));
    CHECK(is_open(copenhagen, at("2026-11-25T02:59:00Z")));
    CHECK_FALSE(is_open(copenhagen, at("2026-11-25T03:00:00Z")));
    CHECK_FALSE(is_open(copenhagen, at("2026-11-25T09:59:00Z")));
    // Friday's night reaches into Saturday, although the line does not open then.
    const opening friday{.opens = 22 * 60, .closes = 2 * 60, .days = 0b0010000, .offset = 0};
    CHECK(is_open(friday, at("2026-11-28T01:00:00Z")));
    CHECK_FALSE(is_open(friday, at("2026-11-27T01:00:00Z")));
    CHECK_FALSE(is_open(friday, at("2026-11-28T22:30:00Z")));
}

TEST_CASE("EZRI-39: a line is shut on the days on which it does not open, by the local calendar") {
    const opening kolkata{.opens = 10 * 60, .closes = 20 * 60, .days = 0b0111111, .offset = 330};
    CHECK(is_open(kolkata, at("2026-11-28T05:00:00Z")));        // Saturday
    CHECK_FALSE(is_open(kolkata, at("2026-11-29T05:00:00Z")));  // Sunday
    const opening monday_east{.days = 0b0000001, .offset = 14 * 60};
    CHECK(is_open(monday_east, at("2026-11-29T12:00:00Z")));  // Monday, 2:00
}

TEST_CASE("EZRI-39: a line that is shut now never comes first") {
    const opening shut{.opens = 13 * 60, .closes = 14 * 60};
    const std::vector<resource> all{line("HR", "suicide", "shut", shut), line("HR", "suicide", "unknown", std::nullopt),
        line("HR", "emergency", "112"), line("*", "directory", "directory")};
    CHECK(shown(all, "HR") == "112 directory unknown shut");
    CHECK(shown(all, "HR", noon + std::chrono::hours(1)) == "shut 112 directory unknown");
}

TEST_CASE("EZRI-39: a country without a line gets the directory and the advice to call the local emergency number") {
    const std::vector<resource> all{line("DE", "suicide", "de"), line("DE", "emergency", "112"),
        line("KR", "suicide", "kr"), line("*", "emergency", "local"), line("*", "directory", "directory")};
    CHECK(shown(all, "DE") == "de 112 directory");
    CHECK(shown(all, "KR") == "kr local directory");
    CHECK(shown(all, "KE") == "local directory");
    CHECK(shown(all, "*") == "local directory");
    CHECK(countries(all) == std::vector<std::string_view>{"DE", "KR"});
}

TEST_CASE("EZRI-39: a line that has expired comes last, and its emergency number replaces nothing") {
    std::vector<resource> all{line("DE", "suicide", "old"), line("DE", "suicide", "new"),
        line("DE", "emergency", "112"), line("*", "emergency", "local")};
    all[0].expires = all[2].expires = noon;
    CHECK(shown(all, "DE") == "new local old 112");
    CHECK(shown(all, "DE", noon - seconds(1)) == "old new 112");
}

TEST_CASE("EZRI-39: what is shown tells whether the line is open now") {
    const std::vector<resource> all{line("DE", "suicide", "de"), line("DE", "youth", "later", opening{.opens = 900}),
        line("DE", "suicide", "unknown", std::nullopt)};
    CHECK(to_json(for_country(all, "DE", noon), noon) ==
          R"([{"id":"de","open":true},{"id":"unknown","open":null},{"id":"later","open":false}])");
    CHECK(to_json({}, noon) == "[]");
}

TEST_CASE("EZRI-39: the rows of the table are read with their hours") {
    postgres::rows rows;
    rows.columns_ = 8;
    for (const auto* cell : {"IN", "suicide", "600", "1200", "63", "330", "1798761600", R"({"id":"in"})"})
        rows.cells_.emplace_back(cell);
    rows.cells_.insert(
        rows.cells_.end(), {"AR", "suicide", std::nullopt, std::nullopt, "127", "0", "1798761600", "{}"});
    const auto lines = read(rows);
    REQUIRE(lines.size() == 2);
    REQUIRE(lines[0].hours);
    CHECK(lines[0].country == "IN");
    CHECK(lines[0].hours->opens == 600);
    CHECK(lines[0].hours->closes == 1200);
    CHECK(lines[0].hours->days == 63);
    CHECK(lines[0].hours->offset == 330);
    CHECK(lines[0].expires == at("2027-01-01T00:00:00Z"));
    CHECK_FALSE(lines[1].hours);
}
