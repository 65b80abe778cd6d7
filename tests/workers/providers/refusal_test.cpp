#include <doctest/doctest.h>

#include "platform/http/client.hpp"
#include "workers/providers/llm/refusal.hpp"

namespace airi::tests {
namespace {

using namespace workers::providers;

errc of_error(std::string_view json_text) {
    const auto parsed = json::document::parse(json_text);
    return meaning_of_error(parsed->root());
}

}  // namespace

TEST_CASE("statuses map to error codes") {
    CHECK(meaning_of_status(429, "") == errc::rate_limited);
    CHECK(meaning_of_status(503, "") == errc::overloaded);
    CHECK(meaning_of_status(529, "") == errc::overloaded);
    for (const unsigned status : {408u, 409u, 500u, 502u, 504u, 599u})
        CHECK(meaning_of_status(status, "<html>") == errc::unavailable);
    for (const unsigned status : {401u, 402u, 403u}) CHECK(meaning_of_status(status, "") == errc::unauthorized);
    CHECK(meaning_of_status(404, "") == errc::bad_model);
    for (const unsigned status : {204u, 302u, 418u}) CHECK(meaning_of_status(status, "") == errc::malformed);
}

TEST_CASE("a 400 means bad_model only where its body says so") {
    CHECK(meaning_of_status(400, R"({"error":{"type":"invalid_request_error","code":"model_not_found"}})") ==
          errc::bad_model);
    CHECK(meaning_of_status(400, R"({"error":{"type":"invalid_request_error","param":"model"}})") == errc::bad_model);
    CHECK(meaning_of_status(400, R"({"error":"model 'x' not found, try pulling it first"})") == errc::bad_model);
    CHECK(meaning_of_status(400, R"({"error":{"code":"content_filter"}})") == errc::prompt_refused);
    CHECK(meaning_of_status(400, R"({"error":{"code":"context_length_exceeded"}})") == errc::prompt_refused);
    CHECK(meaning_of_status(400, "not json") == errc::prompt_refused);
    CHECK(meaning_of_status(
              400, R"({"error":{"type":"invalid_request_error","message":"Your credit balance is too low"}})") ==
          errc::unauthorized);
}

TEST_CASE("errors inside a stream are classified for each provider") {
    CHECK(of_error(R"({"type":"overloaded_error","message":"Overloaded"})") == errc::overloaded);
    CHECK(of_error(R"({"type":"rate_limit_error"})") == errc::rate_limited);
    CHECK(of_error(R"({"code":"rate_limit_exceeded","type":"tokens"})") == errc::rate_limited);
    CHECK(of_error(R"({"code":429})") == errc::rate_limited);
    CHECK(of_error(R"({"code":"503"})") == errc::overloaded);
    CHECK(of_error(R"({"code":413})") == errc::prompt_refused);
    CHECK(of_error(R"({"type":"server_error","code":null})") == errc::unavailable);
    CHECK(of_error(R"({"type":"api_error"})") == errc::unavailable);
    CHECK(of_error(R"({"type":"authentication_error"})") == errc::unauthorized);
    CHECK(of_error(R"({"code":"content_filter","type":null})") == errc::prompt_refused);
    CHECK(of_error(R"("model 'x' not found")") == errc::bad_model);
    CHECK(of_error(R"("out of memory")") == errc::unavailable);
    CHECK(of_error("{}") == errc::unavailable);
}

TEST_CASE("a failed connection may be retried") {
    CHECK(meaning_of_transport(http::errc::cut, true) == errc::interrupted);
    CHECK(meaning_of_transport(http::errc::gap_timeout, true) == errc::interrupted);
    CHECK(meaning_of_transport(http::errc::gap_timeout, false) == errc::unavailable);
    CHECK(meaning_of_transport(http::errc::unreachable, false) == errc::unavailable);
    CHECK(meaning_of_transport(http::errc::too_large, true) == errc::malformed);
}

TEST_CASE("the requested pause is read in its three forms") {
    const auto now = parse_instant("1994-11-06T08:49:27Z").value();
    CHECK(pause_asked("250", "9", now) == milliseconds(250));
    CHECK(pause_asked("", "7", now) == seconds(7));
    CHECK(pause_asked("", "0.5", now) == milliseconds(500));
    CHECK(pause_asked("", "Sun, 06 Nov 1994 08:49:37 GMT", now) == seconds(10));
    CHECK(pause_asked("", "Sun, 06 Nov 1994 08:49:17 GMT", now) == milliseconds(0));
    CHECK(pause_asked("", "99999999999", now) == std::chrono::hours(1));
    for (const auto* odd :
        {"", "soon", "-5", "nan", "7 s", "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 99 Nov 1994 08:49:37 GMT"})
        CHECK(pause_asked("", odd, now) == milliseconds(0));
}

TEST_CASE("each error has one kind of failure") {
    CHECK(failure_of(errc::rate_limited) == failure::again);
    CHECK(failure_of(errc::interrupted) == failure::again);
    CHECK(failure_of(errc::unauthorized) == failure::broken);
    CHECK(failure_of(errc::bad_model) == failure::broken);
    CHECK(failure_of(errc::prompt_refused) == failure::refused);
    CHECK(failure_of(http::errc::cut) == failure::again);
    CHECK(failure_of(http::errc::bad_url) == failure::broken);
}

}  // namespace airi::tests
