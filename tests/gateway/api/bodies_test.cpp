#include <algorithm>
#include <set>

#include "gateway/api/api_schemas.hpp"
#include "gateway/routes/tables.hpp"
#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::gateway;
using namespace airi::test;

namespace {

using house = gateway_fixture;
constexpr auto some_id = "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10";

gateway::request limited(gateway::request in, std::string limit) {
    in.query.emplace_back("limit", std::move(limit));
    return in;
}

json::value definitions() {
    static const auto parsed = json::document::parse(api_schemas());
    return parsed->root()["$defs"];
}

json::value resolved(json::value schema) {
    const auto ref = schema["$ref"].string();
    return ref ? resolved(definitions()[ref->substr(ref->rfind('/') + 1)]) : schema;
}

bool is_free_text(json::value schema) {
    const auto format = schema["format"].string().value_or("line");
    return schema["maxLength"].exists() && !schema["pattern"].exists() && (format == "line" || format == "password");
}

// The bytes of the longest JSON that a client may write for it, each character of a free text as \uXXXX\uXXXX.
std::size_t longest(json::value given) {
    const auto schema = resolved(given);
    std::size_t out = 40;
    if (const auto most = schema["maxLength"].integer())
        out = static_cast<std::size_t>(*most) * (is_free_text(schema) ? 12 : 1) + 2;
    if (const auto items = schema["items"]; items.exists())
        out = static_cast<std::size_t>(schema["maxItems"].integer().value_or(0)) * (longest(items) + 1);
    schema["properties"].members(
        [&](std::string_view name, json::value one) { out += name.size() + 4 + longest(one); });
    return out;
}

// Calls `each(place, schema)` for a schema and all within it.
void walk(const std::string& place, json::value schema, const auto& each) {
    each(place, schema);
    schema.members([&](std::string_view name, json::value one) { walk(json::below(place, name), one, each); });
    if (schema.type() == json::kind::array) schema.each([&](json::value one) { walk(place, one, each); });
}

std::string repeated(std::string_view text, std::int64_t times) {
    std::string out;
    for (std::int64_t i = 0; i < times; ++i) out += text;
    return out;
}

}  // namespace

TEST_CASE("every limit of a text counts characters, whatever bytes they have") {
    std::size_t walked = 0;
    walk("", definitions(), [&](const std::string& place, json::value schema) {
        if (schema.type() != json::kind::object || !is_free_text(schema)) return;
        ++walked;
        CAPTURE(place);
        const schema::validator one(
            R"({"$defs":{"One":{"properties":{"a":)" + std::string(schema.text()) + "}}}}", "One");
        const auto faults = [&](std::string_view text) {
            return one.check(json::document::parse(json::object().add("a", text).text())->root()).size();
        };
        const auto most = *schema["maxLength"].integer();
        for (const auto* character : {"a", "\u00E9", "\u5B57", "\U0001F600"}) {
            CHECK(faults(repeated(character, most)) == 0);
            CHECK(faults(repeated(character, most + 1)) == 1);
        }
    });
    CHECK(walked > 60);
}

TEST_CASE("a body whose texts are as long as they may be fits, each character escaped") {
    for (const auto& table : routes::tables())
        for (const auto& row : table)
            if (!row.body.empty() && row.body != "ChatCompletionCreate")
                CHECK_MESSAGE(longest(definitions()[row.body]) <= row.body_limit, row.name);
    CHECK(longest(definitions()["MessageSend"]) > 12 * 32'000);
}

TEST_CASE("names and titles are one line without control characters") {
    const std::set<std::string_view> names{"name", "title", "display_name", "tagline", "relationship"};
    for (const auto& table : routes::tables())
        for (const auto& row : table) {
            if (row.body.empty()) continue;
            definitions()[row.body]["properties"].members([&](std::string_view name, json::value schema) {
                if (names.contains(name)) CHECK_MESSAGE(schema["format"].string() == "line", row.body, "/", name);
            });
        }
    for (const auto* bad : {R"("a\nb")", R"("a\rb")", R"("\tb")", R"("a\u0085b")", R"("a\u2028b")", R"("\u007f")"}) {
        house h;
        CHECK(h.ask(h.request(verb::post, "/api/v1/conversations", "{\"title\":" + std::string(bad) + "}")).status ==
              422);
    }
}

TEST_CASE("a list without an envelope is the array itself, and its next page is in the Link header") {
    house h;
    h.answer = [](const postgres::bound&) -> result<postgres::rows> {
        return house::row({R"([{"id":"c1"}])", "2026-01-31|c1"});
    };
    const auto bare = "/api/v1/chat/conversations", whole = "/api/v1/conversations";
    for (int i = 0; i < 2; ++i) {  // read, then cached
        const auto out = h.ask(limited(h.request(verb::get, bare), "1"));
        CHECK(out.body == R"([{"id":"c1"}])");
        const auto next = "<" + std::string(bare) + "?cursor=MjAyNi0wMS0zMXxjMQ&limit=1>; rel=\"next\"";
        CHECK(house::header(out, "Link") == next);
    }
    CHECK(contains(h.ask(h.request(verb::get, whole)).body, R"("next_cursor":"MjAyNi0wMS0zMXxjMQ")"));
    const auto wrong = h.ask(limited(h.request(verb::get, bare), "0"));
    CHECK(wrong.status == 400);
    CHECK(house::code_of(wrong) == "BAD_REQUEST");
}

TEST_CASE("an omitted body is an object without members, for the schema and for the statement") {
    house h;
    std::string body;
    h.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        if (asked.statement->name == "conversations.update") body = parameter(asked, "body");
        return house::row({R"({"id":"c1"})"});
    };
    const auto path = "/api/v1/conversations/" + std::string(some_id);
    CHECK(h.ask(h.request(verb::post, path + "/read")).status == 200);
    CHECK(h.ask(h.request(verb::patch, path)).status == 422);
    CHECK(body.empty());
    CHECK(h.ask(h.request(verb::patch, path, R"({"starred":true})")).status == 200);
    CHECK(body == R"({"starred":true})");
    const auto signup = h.ask(house::anonymous(verb::post, "/auth/signup"));
    CHECK(signup.status == 422);
    CHECK(contains(signup.body, R"("pointer":"/email")"));
}
