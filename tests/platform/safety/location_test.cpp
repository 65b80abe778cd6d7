#include "platform/safety/location.hpp"

#include <doctest/doctest.h>

using namespace airi::safety;

namespace {

std::string chosen(location_signals known) {
    const auto place = locate(known);
    return place.country + " by " + std::string(place.chosen_by);
}

}  // namespace

TEST_CASE("EZRI-39: the country is the picked one, else the profile's, the phone's, the proxy's, the product's") {
    location_signals known{.picked = "fr", .profile = "DE", .phone = "+43 660 1", .proxy = "CH", .fallback = "GB"};
    CHECK(chosen(known) == "FR by query");
    known.picked = "*";
    CHECK(chosen(known) == "* by query");
    known.picked = "";
    CHECK(chosen(known) == "DE by profile");
    known.profile = "";
    CHECK(chosen(known) == "AT by phone");
    known.phone = "+1 202 555 0100";
    CHECK(chosen(known) == "CH by proxy");
    known.proxy = "XX";
    CHECK(chosen(known) == "GB by default");
    known.fallback = "*";
    CHECK(chosen(known) == "* by default");
}

TEST_CASE("EZRI-39: a code that is no country's is passed over") {
    for (const auto* code : {"", "D", "DEU", "XX", "ZZ", "T1", "EU", "AP", "UK", "A ", " A", "D\n"}) {
        CAPTURE(code);
        CHECK(country_code(code).empty());
    }
    CHECK(country_code("de") == "DE");
    CHECK(country_code("AD") == "AD");
    CHECK(country_code("ZW") == "ZW");
}

TEST_CASE("EZRI-39: a telephone number names its country unless countries share the prefix") {
    CHECK(country_of_phone("+49301234567") == "DE");
    CHECK(country_of_phone("+353861234567") == "IE");
    CHECK(country_of_phone("+3549") == "IS");
    CHECK(country_of_phone("+886912345678") == "TW");
    CHECK(country_of_phone("+12025550100").empty());  // the United States, Canada and twenty others
    CHECK(country_of_phone("+79161234567").empty());  // Russia and Kazakhstan
    CHECK(country_of_phone("0301234567").empty());
    CHECK(country_of_phone("").empty());
    CHECK(country_of_phone("+").empty());
}
