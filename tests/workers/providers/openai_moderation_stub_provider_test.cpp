// OpenAI's moderation API over a socket: the stand-in, whose answers are those of a test.
#include "platform/base/async.hpp"
#include "tests/platform/http_raw_server.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/workers/providers/said.hpp"
#include "tests/workers/providers/stub_provider_process.hpp"
#include "workers/providers/moderation/openai.hpp"

namespace airi::tests {
namespace {

using namespace workers;
using std::chrono::steady_clock;

struct moderation_fixture : stub_provider_client {
    providers::openai_moderation provider{*client, {process().url("/openai/v1"), secret("key")}};

    result<std::vector<providers::category_scores>> ask(std::vector<std::string> texts) {
        return run(on, provider.scores_of(texts));
    }
    error_code error_of(std::string text) {
        const auto got = ask({std::move(text)});
        return got ? error_code{} : got.error();
    }
};

}  // namespace

TEST_CASE("AIRI-33 SAAS-36: the stand-in scores each text by its markers, as OpenAI's API does") {
    moderation_fixture f;
    const auto got = f.ask({"hello", "a [[moderation violence=0.93 hate=0.4 novel=0.6]]"});
    REQUIRE(got);
    REQUIRE(got->size() == 2);
    CHECK(got->at(0).size() == 13);
    CHECK(got->at(0).at("violence") < 0.01);
    CHECK(got->at(1).at("violence") == 0.93);
    CHECK(got->at(1).at("hate") == 0.4);
    CHECK(got->at(1).at("novel") == 0.6);
}

TEST_CASE("AIRI-33: an answer that fails, is late, is garbage or is half is a failure within the time limit") {
    moderation_fixture f;
    CHECK(f.error_of("[[moderation status=500]]") == providers::errc::unavailable);
    CHECK(f.error_of("[[moderation status=429 retry_after=3]]") == providers::errc::rate_limited);
    CHECK(f.provider.retry_after() == milliseconds{3'000});
    CHECK(f.error_of("[[moderation fault=garbage]]") == providers::errc::malformed);
    CHECK(f.error_of("[[moderation lacks=1]]") == providers::errc::malformed);
    CHECK(f.error_of("[[moderation violence=7]]") == providers::errc::malformed);
    CHECK(f.error_of("[[moderation fault=close]]") == providers::errc::interrupted);
    const auto began = steady_clock::now();
    CHECK(f.error_of("[[moderation fault=no_headers]]") == providers::errc::unavailable);
    const auto took = steady_clock::now() - began;
    CHECK(took >= providers::openai_moderation::limit - milliseconds{100});
    CHECK(took < 2 * providers::openai_moderation::limit);
    CHECK_FALSE(f.error_of("[[moderation first=20]] late but within the limit"));
}

}  // namespace airi::tests
