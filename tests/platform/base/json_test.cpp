#include "platform/base/json.hpp"

#include <limits>

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using airi::test::contains;
using json::document;

namespace {

bool accepts(std::string_view text) { return document::parse(text).has_value(); }

std::string nested(std::size_t depth, std::string_view inside = "") {
    return std::string(depth, '[') + std::string(inside) + std::string(depth, ']');
}

}  // namespace

// The cases' names in nst/JSONTestSuite begin with y_, n_ or i_.
TEST_CASE("valid JSON (RFC 8259) is accepted") {
    for (const std::string_view text : {"{}", "[]", " [] ", "[[]   ]", "[\"\"]", "[null, 1, \"1\", {}]", "\"\"", "42",
             "-0.1", "true", "[-0]", "[20e1]", "[0E+2]", "[123.456e-789]", "[1E22]", "[-123123123123123123]",
             R"({"a":"b","a":"c"})", R"({"":0})", R"({"foo\u0000bar": 42})", R"(["\u0060\u012a\u12AB"])",
             R"(["\uD801\udc37"])", R"(["\"\\\/\b\f\n\r\t"])", "[\"\xF4\x8F\xBF\xBF\"]", "[\"\x7F\"]",
             "[\"\xE2\x82\xAC\xF0\x9D\x84\x9E\"]", "\t\n\r [1]\n"}) {
        CAPTURE(text);
        CHECK(accepts(text));
    }
}

TEST_CASE("invalid JSON is rejected") {
    for (const std::string_view text : {"", " ", "[1 true]", "[a]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]",
             "[\"x\"]]", "[1,]", "[1", "[", "{", "{\"a\"", "{\"a\":1", "[++1234]", "[+1]", "[+Inf]", "[-01]", "[-1.0.]",
             "[.2e-3]", "[0.1.2]", "[0.e1]", "[0x1]", "[1.0e]", "[1_000]", "[1e1 2]", "[-]", "[NaN]", "[Infinity]",
             "[012]", "[1.]", "{\"a\" b}", "{1:1}", "{\"a\":\"a\" 123}", "{key: 'value'}", "{\"id\":0,}", "{'a':0}",
             "{\"a\":1 // no\n}", "{\"a\":/**/1}", "{\"a\":\"b\"}#", "[\"\\x00\"]", "[\"\\a\"]", "[\"\\u00A\"]",
             "[\"\\uD834\\u\"]", "[\"\n\"]", "[\"\t\"]", "[\"new\x01line\"]", "[\"", "\"", "[\\n]", "['single']",
             "True", "nul", "[tru]", "1 2", "{}{}", "[1]x", "<.>", "\xC3\xA5", "[\"\\\xF0\x9F\x8C\x80\"]"}) {
        CAPTURE(text);
        CHECK_FALSE(accepts(text));
    }
    CHECK_FALSE(accepts(std::string_view("[1]\0", 4)));
    CHECK_FALSE(accepts(std::string_view("[\"a\0b\"]", 7)));
}

TEST_CASE("invalid UTF-8 is rejected wherever it stands") {
    for (const std::string_view bytes : {"\xff", "\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF",
             "\xF4\x90\x80\x80", "\xC3", "\xE2\x82", "\xF0\x9D\x84", "\xF8\x88\x80\x80\x80"}) {
        const auto text = "[\"" + std::string(bytes) + "\"]";
        CAPTURE(text);
        CHECK_FALSE(accepts(text));
        CHECK_FALSE(accepts("{\"" + std::string(bytes) + "\":1}"));
    }
}

TEST_CASE("an escaped surrogate without its partner never becomes text that is not UTF-8") {
    for (const std::string_view text :
        {R"(["\uD800"])", R"(["\uD800x"])", R"(["\uD800\uD800"])", R"(["\uDC00"])", R"(["\uDC00\uD800"])"}) {
        CAPTURE(text);
        const auto parsed = document::parse(text);
        if (!parsed) continue;
        parsed->root().each([&](json::value v) { CHECK(accepts(json::quoted(v.string().value()))); });
    }
}

TEST_CASE("nesting is accepted up to a limit and rejected beyond it") {
    CHECK(accepts(nested(60)));
    CHECK(accepts(nested(62, "1")));
    for (const std::size_t depth : {65, 66, 100, 100'000}) {
        const auto parsed = document::parse(nested(depth));
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error() == json::errc::too_deep);
    }
    std::string objects;
    for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
    CHECK_FALSE(accepts(objects));
    CHECK_FALSE(accepts(std::string(100'000, '[')));
}

TEST_CASE("a value is read as its own type only") {
    const auto parsed =
        document::parse(R"({"s":"x","i":-7,"r":1.5,"w":3.0,"b":true,"n":null,"a":[1,2,3],"o":{"k":"v"}})");
    REQUIRE(parsed);
    const auto at = parsed->root();
    CHECK(at.type() == json::kind::object);
    CHECK(at.size() == 8);
    CHECK(at["s"].string() == "x");
    CHECK(at["i"].integer() == -7);
    CHECK(at["i"].number() == -7.0);
    CHECK(at["r"].number() == 1.5);
    CHECK_FALSE(at["r"].integer());
    CHECK(at["w"].integer() == 3);
    CHECK(at["b"].boolean() == true);
    CHECK(at["n"].is_null());
    CHECK(at["n"].exists());
    CHECK(at["a"].size() == 3);
    CHECK(at["o"]["k"].string() == "v");
    for (const auto member : {"i", "b", "n", "a", "o"}) CHECK_FALSE(at[member].string());
    for (const auto member : {"s", "b", "n", "a", "o"}) CHECK_FALSE(at[member].integer());
    for (const auto member : {"s", "i", "n", "a", "o"}) CHECK_FALSE(at[member].boolean());
}

TEST_CASE("an absent value is empty for every reader") {
    const auto parsed = document::parse("[1]");
    REQUIRE(parsed);
    for (const auto absent : {json::value{}, parsed->root()["x"], parsed->root()["x"]["y"]}) {
        CHECK_FALSE(absent.exists());
        CHECK_FALSE(absent.is_null());
        CHECK_FALSE(absent.string());
        CHECK_FALSE(absent.integer());
        CHECK_FALSE(absent.number());
        CHECK_FALSE(absent.boolean());
        CHECK(absent.size() == 0);
        CHECK(absent.text() == "null");
    }
}

TEST_CASE("a whole number that does not fit is not an integer") {
    const auto parsed =
        document::parse("[9223372036854775807,-9223372036854775808,9223372036854775808,1e300,9e15,1e16]");
    REQUIRE(parsed);
    std::vector<std::optional<std::int64_t>> read;
    parsed->root().each([&](json::value v) { read.push_back(v.integer()); });
    REQUIRE(read.size() == 6);
    CHECK(read[0] == std::numeric_limits<std::int64_t>::max());
    CHECK(read[1] == std::numeric_limits<std::int64_t>::min());
    CHECK_FALSE(read[2]);
    CHECK_FALSE(read[3]);
    CHECK(read[4] == 9'000'000'000'000'000);
    CHECK_FALSE(read[5]);
}

TEST_CASE("a document may be moved while its values are held") {
    auto first = document::parse(R"({"a":["b"]})");
    REQUIRE(first);
    const auto held = first->root()["a"];
    const document second = std::move(*first);
    CHECK(held.text() == R"(["b"])");
    CHECK(second.root()["a"].size() == 1);
}

TEST_CASE("written text escapes only the characters that need it") {
    CHECK(json::quoted("") == R"("")");
    CHECK(json::quoted("a\"b\\c/d") == R"("a\"b\\c/d")");
    CHECK(json::quoted("\b\f\n\r\t\x01\x1f") == R"("\u0008\u000c\n\r\t\u0001\u001f")");
    CHECK(json::quoted(std::string_view("a\0b", 3)) == R"("a\u0000b")");
    CHECK(json::quoted("\x7f") == "\"\x7f\"");
    CHECK(json::quoted("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x92\xAC") ==
          "\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x92\xAC\"");
}

TEST_CASE("invalid UTF-8 is written as replacement characters") {
    constexpr std::string_view replaced = "\xEF\xBF\xBD";
    const auto with = [&](std::string_view bytes) { return json::quoted("a" + std::string(bytes) + "z"); };
    CHECK(with("\xff") == "\"a" + std::string(replaced) + "z\"");
    CHECK(with("\xC0\xAF") == "\"a" + std::string(replaced) + std::string(replaced) + "z\"");
    CHECK_FALSE(contains(with("\xED\xA0\x80"), "\xED\xA0"));
    CHECK(with("\xE2\x82").starts_with("\"a" + std::string(replaced)));
    CHECK(json::quoted("\xF0\x9D\x84") ==
          "\"" + std::string(replaced) + std::string(replaced) + std::string(replaced) + "\"");
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b) {
            const char bytes[] = {static_cast<char>(a), static_cast<char>(b), 'z'};
            if (!accepts(json::quoted(std::string_view(bytes, 3)))) FAIL("unreadable: " << a << ' ' << b);
        }
}

TEST_CASE("a written object reads back the same") {
    const std::string text = "quo\"te \\ \n \x02 \xE2\x98\x83";
    const auto json = json::object()
                          .add("text", text)
                          .add("whole", -5)
                          .add("real", 0.1)
                          .add("yes", true)
                          .add("none", std::optional<std::int64_t>{})
                          .add("some", std::optional(std::string("x")))
                          .add_raw("raw", "[1]")
                          .add("infinite", std::numeric_limits<double>::infinity())
                          .text();
    const auto parsed = document::parse(json);
    REQUIRE(parsed);
    const auto at = parsed->root();
    CHECK(at["text"].string() == text);
    CHECK(at["whole"].integer() == -5);
    CHECK(at["real"].number() == 0.1);
    CHECK(at["yes"].boolean() == true);
    CHECK(at["none"].is_null());
    CHECK(at["some"].string() == "x");
    CHECK(at["raw"].text() == "[1]");
    CHECK(at["infinite"].is_null());
    CHECK(json::object().text() == "{}");
    CHECK(at["text"].text() == json::quoted(text));
}

TEST_CASE("an array has its elements in order") {
    CHECK(json::array().text() == "[]");
    CHECK(json::array().empty());
    CHECK_FALSE(json::array().add(1).empty());
    CHECK(json::array()
              .add("a\"b")
              .add(std::string("c"))
              .add(-7)
              .add(true)
              .add_raw("null")
              .add(json::object().add("d", 1))
              .text() == R"(["a\"b","c",-7,true,null,{"d":1}])");
}
