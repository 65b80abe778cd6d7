#include "sql/statements.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "sql/statement_parser.hpp"

using namespace airi;

namespace {

postgres::prepared only(std::string_view body) {
    const auto found = sql::parse("x.sql", "-- name: x.y\n" + std::string(body));
    CHECK(found.size() == 1);
    return found.front();
}

std::string complaint(std::string_view text) {
    try {
        sql::parse("chat.sql", text);
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("a statement's text goes from its name to the next, without comments and semicolon") {
    const auto found = sql::parse("a.sql",
        "-- about the file\n\n-- name: mood.list\n-- newest first\nselect 1 -- one\n;\n"
        "-- name: mood.count\n/* all /* nested */ of it */ select\n2;\n-- the end\n");
    REQUIRE(found.size() == 2);
    CHECK(found[0].name == "mood.list");
    CHECK(found[0].text == "select 1");
    CHECK(found[1].name == "mood.count");
    CHECK(found[1].text == "select\n2");
    CHECK(found[1].parameters.empty());
}

TEST_CASE("a named parameter gets one number however often it is used") {
    const auto made = only("select :caller::uuid, :limit, :caller_2, :caller;");
    CHECK(made.text == "select $1::uuid, $2, $3, $1");
    CHECK(made.parameters == std::vector<std::string>{"caller", "limit", "caller_2"});
}

TEST_CASE("text that only resembles a parameter stays as it is") {
    for (const std::string text : {
             "select 'at :noon', 'it''s :x'",
             R"(select e'\':x', E'\\', 1::text)",
             R"(select ":col", "a"":b")",
             "select $$ :x ; -- not a comment $$, $t$ $$ :y $t$",
             "select f(a := 1, b => '{}'::jsonb)",
             "select a[1:2], a[1: n]",
             "select a$b$c, '--', '/*'",
             R"(select j @> '{"a": true}' and note = 'x\')",
         })
        CHECK(only(text).text == text);
}

TEST_CASE("a cast after a parameter and a parameter after a cast are distinguished") {
    const auto made = only("select :a::text||:b, (:c)::int, x::text=:a");
    CHECK(made.text == "select $1::text||$2, ($3)::int, x::text=$1");
}

TEST_CASE("a mistake in a query file is named with file and line") {
    CHECK(complaint("select 1;") == "chat.sql:1: text before the first `-- name:`");
    CHECK(complaint("-- name: a.b\nselect 1;\n\nselect 2;") == "chat.sql:4: a second statement under one name");
    CHECK(complaint("-- name: a.b\nselect\n 'x") == "chat.sql:3: the quotation is not closed");
    CHECK(complaint("-- name: a.b\nselect $q$ $p$") == "chat.sql:2: the quotation is not closed");
    CHECK(complaint("-- name: a.b\nselect 1 /* /* */") == "chat.sql:2: the comment is not closed");
    CHECK(complaint("-- name: a.b\nselect $1") == "chat.sql:2: parameters are named, not numbered");
    CHECK(complaint("-- name: a.b\nselect 1;\n-- name: a.b\nselect 1") == "chat.sql:3: a.b is defined twice");
    CHECK(complaint("\n-- name: a.b\n-- nothing\n;-- name: x") == "chat.sql:2: a.b has no statement");
    CHECK(complaint("-- name: Chat\nselect 1") == "chat.sql:1: a name is domain.verb in lower case");
}

TEST_CASE("every embedded statement can be found by its name") {
    REQUIRE(!sql::all().empty());
    for (const auto& each : sql::all()) {
        CHECK(sql::find(each.name) == &each);
        CHECK(&sql::statement(each.name) == &each);
    }
    CHECK(sql::find("no.such") == nullptr);
    CHECK_THROWS_AS(sql::statement("no.such"), std::logic_error);
}

TEST_CASE("values are bound by name in the order of the numbers") {
    const auto made = only("select :b, :a, :n, :t, :i");
    const std::vector<sql::argument> given{
        {"a", "x"}, {"b", 7}, {"n", std::optional<std::string>{}}, {"t", true}, {"i", user_id{}}};
    const auto bound = sql::bind(made, given);
    CHECK(bound.statement == &made);
    CHECK(bound.parameters == std::vector<std::optional<std::string>>{
                                  "7", "x", std::nullopt, "true", "00000000-0000-0000-0000-000000000000"});
}

TEST_CASE("missing, repeated and unknown arguments are rejected") {
    const auto made = only("select :a, :b");
    CHECK_THROWS_WITH_AS(
        sql::bind(made, std::vector<sql::argument>{{"a", 1}}), "x.y: parameter b is missing", std::logic_error);
    CHECK_THROWS_WITH_AS(sql::bind(made, std::vector<sql::argument>{{"a", 1}, {"b", 1}, {"a", 2}}),
        "x.y: parameter a is given twice", std::logic_error);
    CHECK_THROWS_WITH_AS(sql::bind(made, std::vector<sql::argument>{{"a", 1}, {"b", 1}, {"c", 2}}),
        "x.y has no parameter c", std::logic_error);
    CHECK_THROWS_AS(sql::bind("no.such", {}), std::logic_error);
}

TEST_CASE("an array's text keeps quotes, backslashes, commas and empty elements") {
    CHECK(sql::array_text({}) == "{}");
    const std::vector<std::string> odd{R"(a"b\c)", "", "x,y", "null"};
    CHECK(sql::array_text(odd) == R"({"a\"b\\c","","x,y","null"})");
}
