#include "gateway/http/problem.hpp"

#include "platform/base/json.hpp"
#include "platform/kafka/kafka.hpp"
#include "platform/postgres/postgres.hpp"
#include "platform/redis/redis.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"
#include "workers/runtime/errors.hpp"

using namespace airi;
using airi::test::contains;
using namespace airi::gateway;

namespace {

std::string header(const response& of, std::string_view name) {
    for (const auto& [n, value] : of.headers)
        if (n == name) return value;
    return "none";
}

}  // namespace

TEST_CASE("each kind of failure has one status") {
    CHECK(problem_of(postgres::errc::unavailable).status == 503);
    CHECK(problem_of(kafka::errc::unavailable).retry_after.value_or(0) > 0);
    for (const auto waited : {postgres::errc::busy, postgres::errc::conflict, postgres::errc::fenced}) {
        CHECK(problem_of(waited).status == 503);
        CHECK(problem_of(waited).retry_after.value_or(0) > 0);
    }
    CHECK(problem_of(postgres::errc::invalid).status == 400);
    CHECK(problem_of(postgres::errc::broken).status == 500);
    CHECK_FALSE(problem_of(postgres::errc::broken).retry_after);
    for (const auto ours : {error_code(postgres::errc::unmigrated), error_code(postgres::errc::damaged),
             error_code(kafka::errc::unknown_topic), error_code(redis::errc::misconfigured)})
        CHECK(problem_of(ours).status == 500);
    CHECK_FALSE(problem_of(postgres::errc::unmigrated).retry_after);
    CHECK(problem_of(make_error_code(boost::system::errc::timed_out)).status == 503);
}

TEST_CASE("error messages reveal nothing internal") {
    for (const error_code ec : {error_code(postgres::errc::broken), error_code(postgres::errc::unavailable),
             error_code(kafka::errc::rejected)}) {
        const auto p = problem_of(ec);
        for (const auto* word : {"ostgres", "afka", "edis", "SQL", "airi."}) CHECK_FALSE(contains(p.message, word));
    }
}

TEST_CASE("AIRI-14: a rejection is an envelope with code, message, details and request id") {
    const auto out = failure_response(
        {429, "RATE_LIMITED", "slow \"down\"", R"({"limit":3})", 7, {{"RateLimit", "x"}}}, "r-1", false);
    CHECK(out.status == 429);
    const auto parsed = json::document::parse(out.body);
    REQUIRE(parsed);
    CHECK(parsed->root()["success"].boolean() == false);
    CHECK(parsed->root()["request_id"].string() == "r-1");
    CHECK(parsed->root()["error"]["code"].string() == "RATE_LIMITED");
    CHECK(parsed->root()["error"]["message"].string() == "slow \"down\"");
    CHECK(parsed->root()["error"]["details"]["limit"].integer() == 3);
    CHECK(header(out, "Retry-After") == "7");
    CHECK(header(out, "RateLimit") == "x");
}

TEST_CASE("an invalid field is a 422 with its pointer") {
    const auto p = invalid("/a~1b", "a string");
    CHECK(p.status == 422);
    CHECK(p.code == "VALIDATION_FAILED");
    CHECK(p.details == R"([{"pointer":"/a~1b","message":"a string"}])");
    CHECK(not_found("thing").status == 404);
    CHECK(bad_request("x").status == 400);
}

TEST_CASE("a 401 has a WWW-Authenticate header") {
    CHECK(header(failure_response(unauthenticated(), "r", false), "WWW-Authenticate") == "Bearer");
    CHECK(header(failure_response(not_found("x"), "r", false), "WWW-Authenticate") == "none");
}

TEST_CASE("OpenAI clients get OpenAI's error bodies, and no retry of final errors") {
    const auto out = failure_response({404, "model_not_found", "no such model"}, "r", true);
    const auto parsed = json::document::parse(out.body);
    REQUIRE(parsed);
    const auto error = parsed->root()["error"];
    CHECK(error["message"].string() == "no such model");
    CHECK(error["type"].string() == "not_found_error");
    CHECK(error["param"].is_null());
    CHECK(error["code"].string() == "model_not_found");
    CHECK(header(out, "x-should-retry") == "false");
    const auto type = [](unsigned status) {
        const auto body = failure_response({status, "X", "y"}, "r", true).body;
        return std::string(json::document::parse(body)->root()["error"]["type"].string().value());
    };
    CHECK(type(400) == "invalid_request_error");
    CHECK(type(401) == "authentication_error");
    CHECK(type(403) == "permission_error");
    CHECK(type(429) == "rate_limit_error");
    CHECK(type(503) == "server_error");
    CHECK(header(failure_response({503, "X", "y", "null", 2}, "r", true), "x-should-retry") == "none");
}

TEST_CASE("AIRI-14: success carries its data, and meta only when there is some") {
    CHECK(success(201, R"({"a":1})").body == R"({"success":true,"data":{"a":1}})");
    CHECK(success(201, "[]").status == 201);
    CHECK(success(200, "[]", R"({"next_cursor":null})").body ==
          R"({"success":true,"data":[],"meta":{"next_cursor":null}})");
}
