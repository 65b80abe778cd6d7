#include "gateway/api/openapi.hpp"

#include <doctest/doctest.h>

#include <regex>

#include "gateway/api/api_schemas.hpp"
#include "gateway/api/router.hpp"
#include "gateway/routes/tables.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using airi::test::contains;
using namespace airi::gateway;

TEST_CASE("every named route is in the OpenAPI document, with its body and responses") {
    const auto parsed = json::document::parse(openapi_document(routes::tables()));
    REQUIRE(parsed);
    const auto root = parsed->root();
    CHECK(root["openapi"].string() == "3.1.0");
    constexpr std::string_view methods[] = {"get", "head", "post", "put", "patch", "delete", "options"};
    std::size_t operations = 0;
    for (const auto& table : routes::tables())
        for (const auto& r : table) {
            if (r.name.empty()) continue;
            CAPTURE(r.path);
            for (const auto& [method, way] : ways_to(r)) {
                const auto path = way.starts_with('=') ? std::string(way.substr(1)) : "/api/v1" + std::string(way);
                const auto operation = root["paths"][path][methods[static_cast<std::size_t>(method)]];
                REQUIRE(operation.exists());
                ++operations;
                CHECK(operation["x-same-as"].exists() == (way != r.path || method != r.method));
                CHECK(operation["requestBody"].exists() == (r.body_limit > 0));
                CHECK(operation["responses"]["401"].exists() >= (r.access != access::anyone));
                CHECK_FALSE(operation["summary"].string().value_or("").empty());
            }
        }
    CHECK(operations > 40);
}

TEST_CASE("every reference of the document resolves, and every schema that a route names exists") {
    const auto parsed = json::document::parse(openapi_document(routes::tables()));
    const auto text = openapi_document(routes::tables());
    const std::regex reference("\"#/components/(schemas|responses)/([A-Za-z]+)\"");
    for (std::sregex_iterator at(text.begin(), text.end(), reference), end; at != end; ++at)
        CHECK_MESSAGE(parsed->root()["components"][(*at)[1].str()][(*at)[2].str()].exists(), (*at)[0].str());
    CHECK_FALSE(contains(text, "$defs"));
    for (const auto& table : routes::tables())
        for (const auto& r : table)
            for (auto name : {r.body, r.query, r.response}) {
                if (name.ends_with("[]")) name.remove_suffix(2);
                if (!name.empty()) CHECK_NOTHROW(api_schema(name));
            }
}

// std::regex needs stack for each character that an unbounded repetition takes.
TEST_CASE("patterns of the API's schemas are anchored and bounded") {
    const auto& text = api_schemas();
    const std::regex pattern("\"pattern\":\"([^\"]*)\"");
    std::size_t seen = 0;
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at, ++seen) {
        const auto found = (*at)[1].str();
        CAPTURE(found);
        CHECK(found.front() == '^');
        CHECK(found.back() == '$');
        const auto outside_of_classes = std::regex_replace(found, std::regex(R"(\[[^\]]*\])"), "");
        CHECK(outside_of_classes.find_first_of("*+") == found.npos);
    }
    CHECK(seen > 0);
}
