#include "platform/schema/schema.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "tests/support/cpp/print.hpp"

using namespace airi;

namespace {

constexpr std::string_view document = R"({"$defs": {
    "Short": {"type": "string", "minLength": 1, "maxLength": 3},
    "Word": {"type": "string", "pattern": "^[a-z]{1,5}$"},
    "Thing": {"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
        "name": {"$ref": "#/$defs/Short"},
        "kind": {"enum": ["a", "b", null]},
        "words": {"type": "array", "maxItems": 2, "uniqueItems": true, "items": {"$ref": "#/$defs/Word"}},
        "part": {"$ref": "#/$defs/Part"},
        "any~of/these": {"type": ["string", "null"], "format": "uuid"}
    }},
    "Part": {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer", "minimum": 0}}}
}})";

// "/pointer message" of each fault, one a line.
std::string faults(std::string_view text, std::string_view of = "Thing") {
    const schema::validator checks(document, of);
    const auto parsed = json::document::parse(text);
    REQUIRE(parsed);
    std::string out;
    for (const auto& f : checks.check(parsed->root())) out += f.pointer + " " + f.message + "\n";
    return out;
}

}  // namespace

TEST_CASE("a document that fits its schema has no faults") {
    CHECK(faults(R"({"name":"abc"})").empty());
    CHECK(faults(R"({"name":"äöü","kind":null,"words":["a","b"],"part":{"size":0,"more":[1,{}]},"any~of/these":null})")
            .empty());
    CHECK(faults(R"({"name":"a","part":{"size":3.0}})").empty());
}

TEST_CASE("all faults are reported at once, each with its pointer") {
    CHECK(faults(R"({"kind":"c","words":["a","B"],"part":{},"extra":1,"a/b~c":2})") ==
          "/extra is not a known field\n"
          "/a~1b~0c is not a known field\n"
          "/kind is none of the values that are allowed\n"
          "/part/size is needed\n"
          "/words/1 does not have the form that is asked for\n"
          "/name is needed\n");
    CHECK(faults(R"({"name":7})") == "/name is of another type\n");
    CHECK(faults(R"({"name":""})") == "/name string should be no fewer than 1 characters in length\n");
    CHECK(faults(R"({"name":"abcd"})") == "/name string should be no more than 3 characters in length\n");
    CHECK(faults(R"({"name":"a","part":{"size":-1}})") == "/part/size expected number greater than or equal to 0\n");
    CHECK(faults(R"({"name":"a","part":{"size":1.5}})") == "/part/size is of another type\n");
    CHECK(faults(R"({"name":"a","any~of/these":5})") == "/any~0of~1these is of another type\n");
    CHECK(faults(R"({"name":"a","words":["a","b","c"]})") == "/words array should contain no more than 2 elements\n");
}

TEST_CASE("a repeated field is a fault") {
    CHECK(faults(R"({"name":"a","name":"b"})") == "/name is given more than once\n");
    CHECK(faults(R"({"name":"a","part":{"size":1,"size":2}})") == "/part/size is given more than once\n");
}

TEST_CASE("at most twenty faults are reported") {
    std::string text = R"({"name":"a")";
    for (int i = 0; i < 500; ++i) text += ",\"x" + std::to_string(i) + "\":1";
    const auto found = faults(text + "}");
    CHECK(std::count(found.begin(), found.end(), '\n') == 20);
}

TEST_CASE("a long text against a pattern costs no stack") {
    CHECK(faults("{\"name\":\"a\",\"words\":[\"" + std::string(1'000'000, 'a') + "\"]}") ==
          "/words/0 does not have the form that is asked for\n");
}

TEST_CASE("an unknown schema is rejected when it is requested") {
    CHECK_THROWS_AS(schema::validator(document, "Nothing"), std::invalid_argument);
}
