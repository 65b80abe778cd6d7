#include "workers/providers/moderation/openai.hpp"

#include "platform/base/json.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_web.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "workers/providers/providers.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;
using providers::errc;

namespace {

constexpr std::string_view harmless =
    R"({"flagged":false,"categories":{"violence":false},"category_scores":{"violence":0.01}})";

std::string body_of(std::string_view results) {
    return R"({"id":"modr-1","model":"omni-moderation-latest","results":[)" + std::string(results) + "]}";
}

struct web_fixture {
    loop io;
    fake_web web;
    web_page page{200, body_of(harmless)};
    providers::openai_moderation provider{web, providers::moderation_account_of(secret(" key\n"), "")};

    web_fixture() {
        web.answer = [this](const http::request&) { return page; };
    }
    result<std::vector<providers::category_scores>> ask(const std::vector<std::string>& texts = {"hello"}) {
        return io.run(provider.scores_of(texts));
    }
};

}  // namespace

TEST_CASE("AIRI-33 SAAS-36: texts are sent to OpenAI's moderation API with its model, key and time limit") {
    web_fixture f;
    f.page.body = body_of(std::string(harmless) + "," + std::string(harmless));
    REQUIRE(f.ask({"hello", "a \"quote\""}));
    const auto& sent = f.web.asked.at(0);
    CHECK(sent.url == "https://api.openai.com/v1/moderations");
    CHECK(sent.method == "POST");
    CHECK(sent.body == R"({"model":"omni-moderation-latest","input":["hello","a \"quote\""]})");
    CHECK(sent.limits.total == milliseconds{2'000});
    CHECK(std::ranges::find(sent.headers, std::pair<std::string, std::string>("Authorization", "Bearer key")) !=
          sent.headers.end());
    CHECK(providers::moderation_account_of(secret("k"), "http://proxy/").base_url == "http://proxy/v1");
    CHECK_FALSE(providers::moderation_account_of(secret(" \n"), "").configured());
}

TEST_CASE("AIRI-33: every category has its score, an unknown one by its name") {
    const auto got = providers::read_moderation(
        body_of(R"({"flagged":true,"categories":{"violence":true,"novel":false,"hate":false},)"
                R"("category_scores":{"violence":0.93,"novel":0.4,"hate":1},"more":[1]})"),
        1);
    REQUIRE(got);
    CHECK(got->front() == providers::category_scores{{"violence", 0.93}, {"novel", 0.4}, {"hate", 1}});
}

TEST_CASE("AIRI-33: garbage and half an answer are failures, never a harmless text") {
    const std::string one(harmless);
    for (const auto& body : {std::string{}, std::string("<html>"), std::string("{}"), body_of(""),
             body_of(one + "," + one), body_of(one).substr(0, 60), body_of("null"), body_of(R"({"flagged":true})"),
             body_of(R"({"flagged":false,"category_scores":{}})"), body_of(R"({"category_scores":{"violence":0.1}})"),
             body_of(R"({"flagged":false,"category_scores":{"violence":"0.1"}})"),
             body_of(R"({"flagged":false,"category_scores":{"violence":1.5}})"),
             body_of(R"({"flagged":false,"category_scores":{"violence":-0.5}})"),
             body_of(R"({"flagged":true,"categories":{"hate":true},"category_scores":{"violence":0.1}})")}) {
        CAPTURE(body);
        const auto got = providers::read_moderation(body, 1);
        CHECK((!got && got.error() == errc::malformed));
    }
}

TEST_CASE("AIRI-33: refusals and lost connections are failures with their meaning and their pause") {
    web_fixture f;
    const auto error_of = [&](web_page page) {
        f.page = std::move(page);
        const auto got = f.ask();
        return got ? error_code{} : got.error();
    };
    CHECK(error_of({500, "oops"}) == errc::unavailable);
    CHECK(error_of({401, R"({"error":{"code":"invalid_api_key"}})"}) == errc::unauthorized);
    CHECK(f.provider.retry_after() == milliseconds{0});
    CHECK(error_of({429, R"({"error":{"code":"rate_limit_exceeded"}})", {}, {{"retry-after", "7"}}}) ==
          errc::rate_limited);
    CHECK(f.provider.retry_after() == milliseconds{7'000});
    CHECK(error_of({200, {}, http::errc::first_byte_timeout}) == errc::unavailable);
    CHECK(f.provider.retry_after() == milliseconds{0});
    CHECK(error_of({200, {}, http::errc::unreachable}) == errc::unavailable);
    CHECK(error_of({200, std::string(600 * 1024, 'x')}));
}
