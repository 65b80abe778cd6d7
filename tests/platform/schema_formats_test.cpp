#include "platform/schema/formats.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <random>
#include <regex>
#include <stdexcept>

#include "platform/schema/schema.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/source_tree.hpp"

using namespace airi;

namespace {

using texts = std::vector<std::string>;

std::string faults(const std::string& format, const std::string& value, const std::string& more = "") {
    const schema::validator checks(
        fmt::format(R"({{"$defs":{{"Body":{{"properties":{{"a":{{"format":"{}"{}}}}}}}}}}})", format, more), "Body");
    const auto parsed = json::document::parse("{\"a\":" + value + "}");
    REQUIRE(parsed.has_value());
    std::string out;
    for (const auto& f : checks.check(parsed->root())) out += f.pointer + " " + f.message + "\n";
    return out;
}

void check(std::string_view name, const texts& good, const texts& bad) {
    const auto* format = schema::find_format(name);
    REQUIRE(format);
    CAPTURE(name);
    for (const auto& text : good) CHECK_MESSAGE(format->fits(text), text);
    for (const auto& text : bad) CHECK_MESSAGE(!format->fits(text), text);
    CHECK_FALSE(format->fits(""));
    // Every text that has lost a byte or has one more is read safely.
    std::mt19937 random(7);
    for (const auto& text : good) {
        for (std::size_t i = 0; i < text.size(); ++i) format->fits(text.substr(0, i));
        for (int i = 0; i < 500; ++i) {
            auto changed = text;
            changed[random() % changed.size()] = static_cast<char>(random());
            changed.insert(random() % changed.size(), 1, static_cast<char>(random()));
            format->fits(changed);
        }
        CHECK_MESSAGE(!format->fits(text + " "), text);
        CHECK_MESSAGE(!format->fits(text + std::string(1, '\0')), text);
        CHECK_MESSAGE(!format->fits(" " + text), text);
        CHECK_MESSAGE(!format->fits(text + "\n"), text);
    }
}

}  // namespace

TEST_CASE("a date-time is one of RFC 3339") {
    check("date-time",
        {"2026-01-31T12:00:00Z", "1985-04-12T23:20:50.52Z", "1996-12-19T16:39:57-08:00", "1937-01-01T12:00:27.87+00:20",
            "2026-01-31t12:00:00z", "2016-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00", "2017-01-01T00:29:60+00:30",
            "2024-02-29T00:00:00Z", "2000-02-29T00:00:00+23:59", "2026-01-31T12:00:00.123456789012Z",
            "2026-01-31T12:00:00-00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"},
        {"2026-02-30T12:00:00Z", "2023-02-29T12:00:00Z", "1900-02-29T12:00:00Z", "2026-04-31T12:00:00Z",
            "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z", "2026-01-00T12:00:00Z", "2026-01-31T24:00:00Z",
            "2026-01-31T12:60:00Z", "2026-01-31T12:00:61Z", "2026-01-31T12:00:60Z", "2016-12-31T23:59:60+01:00",
            "2026-01-31 12:00:00Z", "2026-01-31T12:00:00", "2026-01-31T12:00Z", "2026-01-31", "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00,5Z", "2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00+0100", "2026-01-31T12:00:00+01",
            "2026-01-31T12:00:00+01:60", "2026-1-31T12:00:00Z", "+2026-01-31T12:00:00Z", "02026-01-31T12:00:00Z",
            "06/19/1963 08:30:06 PST", "2026-W05-6T12:00:00Z", "20260131T120000Z", "now", "infinity", "1790000000",
            "2026-01-31T12:00:00ZZ", "202\xD9\xA6-01-31T12:00:00Z"});
}

TEST_CASE("a date is a day of the calendar") {
    check("date", {"2026-01-31", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"},
        {"2026-02-30", "2023-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-1-31",
            "2026-01-31T12:00:00Z", "20260131", "31.01.2026", "2026/01/31", "2026-031", "2026-W05-6", "today",
            "1963-06-1\xE0\xA7\xAA"});
}

TEST_CASE("a cursor is a time and an id") {
    const std::string id = "|019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10";
    check("cursor",
        {"2026-11-26 14:18:43.471234+00" + id, "2026-11-26 14:18:43+05:30" + id, "2026-01-31T12:00:00Z" + id,
            "2026-01-31" + id, "infinity" + id},
        {"x" + id, "now" + id, "2026-13-45" + id, "2026-11-26 14:18:43" + id, "2026-01-31T12:00:00Z|x",
            "2026-01-31" + id + "'", "2026-01-31|" + id, "|", "||", "2026-01-31T12:00:00Z", "{}"});
}

TEST_CASE("a UUID has 32 digits in five groups, of any version") {
    check("uuid",
        {"019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10", "2EB8AA08-AA98-11EA-B4AA-73B441D16380",
            "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
        {"019a9f3e1c407d2a9a516f1f0c2b7d10", "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d1",
            "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d1g", "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d100",
            "{019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10}", "urn:uuid:019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10",
            "019a9f3e-1c407-d2a-9a51-6f1f0c2b7d10", "42"});
}

TEST_CASE("an e-mail address has a dot-atom and a host with a dot") {
    const std::string label(63, 'a');
    check("email",
        {"ada@example.com", "a.b+c_d=e{f}~g@x-1.example.co", "te~st@example.com", "1@2.de",
            std::string(64, 'a') + "@example.com", "a@" + label + ".com"},
        {"ada", "@example.com", "ada@", "ada@example", "a@b@example.com", ".ada@example.com", "ada.@example.com",
            "a..b@example.com", "ada@.example.com", "ada@example..com", "ada@example.com.", "ada@-example.com",
            "ada@example-.com", "a b@example.com", "\"a b\"@example.com", "ada@[127.0.0.1]", "ad\xC3\xA4@example.com",
            "ada@ex\xC3\xA4mple.com", "<ada@example.com>", "ada@example.com\r\nBcc: b@example.com",
            std::string(65, 'a') + "@example.com", "a@" + label + "a.com", "a@" + std::string(250, 'a') + ".com"});
}

TEST_CASE("a URI has a scheme, and only characters that a URI may have") {
    check("uri",
        {"https://airi.example/a?b=c&d=%20#e", "urn:oasis:names:tc", "mailto:ada@example.com", "http://[2001:db8::7]/",
            "tel:+1-816-555-1212", "a+b-c.d:e"},
        {"/path", "//airi.example/", "airi.example", ":a", "1http://x", "ht tp://x", "http://x/a b", "http://x/<a>",
            "http://x/%zz", "http://x/%2", "http://x/\"", "http://x/\\a", "http://x/#a#b", "http://x/\xC3\xA4"});
}

TEST_CASE("a value that does not fit its format is a fault at its place, and says what was expected") {
    CHECK(
        faults("date-time", R"("2026-02-30T00:00:00Z")") == "/a is not a time as in RFC 3339 (2026-01-31T12:00:00Z)\n");
    CHECK(faults("date", R"("2026-02-30")") == "/a is not a date (2026-01-31)\n");
    CHECK(faults("uuid", R"("42")") == "/a is not a UUID\n");
    CHECK(faults("email", R"("ada")") == "/a is not an e-mail address\n");
    CHECK(faults("uri", R"("/x")") == "/a is not an absolute URI\n");
    CHECK(faults("password", R"("anything")") == "");
    CHECK(faults("date-time", "null") == "");
    CHECK(faults("date-time", "7") == "");
    CHECK(faults("email", R"("ada")", R"(,"pattern":"^[a-z]+@x$")") == "/a is not an e-mail address\n");
    CHECK(faults("email", R"("ada@y.de")", R"(,"pattern":"^[a-z]+@x$")") ==
          "/a does not have the form that is asked for\n");
}

TEST_CASE("a schema with an unknown format is rejected with its place and the file to change") {
    CHECK_THROWS_WITH_AS(faults("datetime", "1"),
        "/$defs/Body/properties/a: nothing checks the format \"datetime\"; add it to platform/schema/formats.cpp",
        std::invalid_argument);
}

TEST_CASE("every format in the schemas and in the generated documents has a check") {
    static const std::regex written(R"(\\?"format\\?": ?\\?"([^"\\]*)\\?")");
    std::size_t found = 0;
    for (const auto& file : test::files_below({"schemas", "events", "gateway"}, {".json", ".cpp", ".hpp"}))
        for (std::sregex_iterator at(file.text.begin(), file.text.end(), written), end; at != end; ++at, ++found)
            CHECK_MESSAGE(schema::find_format((*at)[1].str()), file.path, ": nothing checks the format \"",
                (*at)[1].str(), "\"; add it to platform/schema/formats.cpp");
    CHECK(found > 40);
}

TEST_CASE("a line has letters of every script and no control character") {
    const auto* line = schema::find_format("line");
    REQUIRE(line);
    for (const auto* good : {"", "Jo", "\u5B57 \U0001F468\u200D\U0001F469", "caf\u00E9 \u00A0", "\u0410\u2027\u202F"})
        CHECK(line->fits(good));
    for (const auto* bad : {"a\n", "\r", "a\tb", "\x7f", "\u0080", "a\u009F", "\u2028", "\u2029"})
        CHECK_FALSE(line->fits(bad));
}
