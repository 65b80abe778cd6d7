#include "gateway/http/json_checks.hpp"

#include <doctest/doctest.h>

#include "gateway/api/router.hpp"
#include "gateway/routes/tables.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using airi::test::contains;
using namespace airi::gateway;

namespace {

found_route find_route(verb method, std::string_view path) {
    static const router all{routes::tables()};
    return all.find(method, path);
}

std::string nul_at(std::string_view text) {
    const auto parsed = json::document::parse(text);
    REQUIRE(parsed.has_value());
    const auto wrong = refuse_nul(text, parsed->root());
    return wrong ? std::string(json::document::parse(wrong->details)->root().text()) : "none";
}

std::string unknown_in(std::string_view text, std::string_view at = {}) {
    const auto parsed = json::document::parse(text);
    REQUIRE(parsed.has_value());
    const auto wrong = refuse_unknown(parsed->root(), {"content", "model"}, at);
    return wrong ? wrong->details : "none";
}

}  // namespace

TEST_CASE("a NUL character is rejected wherever it stands") {
    CHECK(contains(nul_at(R"({"a":"x\u0000"})"), R"("/a")"));
    CHECK(contains(nul_at(R"({"a":[1,{"b":"\u0000"}]})"), R"("/a/1/b")"));
    CHECK(contains(nul_at(R"({"a\u0000":1})"), "\"/a"));
    CHECK(nul_at(R"({"a":"a backslash: \\u0000"})") == "none");
    CHECK(nul_at(R"({"a":"\u0001"})") == "none");
}

TEST_CASE("unknown and repeated fields are rejected with their pointers") {
    CHECK(unknown_in(R"({"content":"a","model":null})") == "none");
    CHECK(unknown_in("{}") == "none");
    CHECK(unknown_in("5") == "none");
    CHECK(unknown_in(R"({"role":1})") == R"([{"pointer":"/role","message":"is not a known field"}])");
    CHECK(unknown_in(R"({"a/b~c":1})", "/data") == R"([{"pointer":"/data/a~1b~0c","message":"is not a known field"}])");
    CHECK(unknown_in(R"({"content":1,"content":2})") ==
          R"([{"pointer":"/content","message":"is given more than once"}])");
}

TEST_CASE("a known path lists its methods, an unknown path lists none") {
    CHECK(find_route(verb::del, "/api/v1/conversations").methods == "GET, HEAD, POST");
    CHECK(find_route(verb::get, "/v1/chat/completions").methods == "POST");
    CHECK(find_route(verb::get, "/api/conversations").route != nullptr);
    CHECK(find_route(verb::post, "/nowhere").methods.empty());
    CHECK(find_route(verb::get, "/nowhere/at/all").route == nullptr);
}
