#include "workers/moderation/provider_scores.hpp"

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "tests/support/cpp/fake_web.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

// A provider that gives each text the score of its length in hundredths.
struct scores_fixture {
    loop io;
    fake_web web;
    unsigned status = 200;
    std::map<std::string, std::string, std::less<>> headers;
    providers::openai_moderation provider{web, {"http://provider/v1", secret("key")}};
    moderation::provider_scores scores{provider};

    scores_fixture() {
        log::send_to([](std::string_view) {});
        web.answer = [this](const http::request& request) {
            if (status != 200) return web_page{status, "{}", {}, headers};
            json::array results;
            const auto parsed = json::document::parse(request.body);
            parsed->root()["input"].each([&](json::value text) {
                json::object values, one;
                values.add("violence", static_cast<double>(text.string()->size() % 100) / 100);
                results.add(one.add("flagged", false).add_raw("category_scores", values.text()));
            });
            return web_page{200, json::object().add_raw("results", results.text()).text()};
        };
    }
    ~scores_fixture() { log::send_to({}); }
    std::optional<double> of(std::vector<std::string_view> texts) {
        const auto got = io.run(scores.scores_of(std::move(texts)));
        if (!got) return std::nullopt;
        return got->at("violence");
    }
    std::size_t texts_of_last() const { return json::document::parse(web.asked.back().body)->root()["input"].size(); }
};

}  // namespace

TEST_CASE("SAAS-36: a known text is not asked for again, and unknown ones share a request") {
    scores_fixture f;
    CHECK(f.of({"12345"}) == 0.05);
    CHECK(f.of({"12345"}) == 0.05);
    CHECK(f.web.asked.size() == 1);
    CHECK(f.of({"1", "12345", "123", "123"}) == 0.05);
    CHECK(f.web.asked.size() == 2);
    CHECK(f.texts_of_last() == 2);
    CHECK(f.scores.known() == 3);
}

TEST_CASE("the least recently used of too many known texts is forgotten") {
    scores_fixture f;
    f.of({"first"});
    f.of({"second"});
    for (std::size_t i = 0; i + 2 < moderation::provider_scores::most_known; ++i) f.of({"text " + std::to_string(i)});
    f.of({"first"});
    f.of({"one more"});
    CHECK(f.scores.known() == moderation::provider_scores::most_known);
    const auto asked = f.web.asked.size();
    f.of({"first"});
    CHECK(f.web.asked.size() == asked);
    f.of({"second"});
    CHECK(f.web.asked.size() == asked + 1);
}

TEST_CASE("AIRI-33: a long text is cut into pieces between characters, and a request has a largest size") {
    scores_fixture f;
    std::string turn;
    while (turn.size() < 40'000) turn += "漢";
    CHECK(f.of({"message", turn}));
    CHECK(f.texts_of_last() == 3);
    std::vector<std::string> turns;
    for (char c = 'a'; c < 'z'; ++c) turns.emplace_back(30'000, c);
    std::vector<std::string_view> all{"the message"};
    all.insert(all.end(), turns.begin(), turns.end());
    CHECK(f.of(all));
    CHECK(f.texts_of_last() == 5);
    CHECK(f.web.asked.back().body.size() < providers::openai_moderation::most_bytes + 1'000);
}

TEST_CASE("AIRI-33: a provider that fails three times is left alone, so that an outage costs a message nothing") {
    scores_fixture f;
    f.status = 500;
    for (int i = 0; i < 10; ++i) CHECK_FALSE(f.of({"hello"}));
    CHECK(f.web.asked.size() == 3);
    CHECK(f.scores.health().current(std::chrono::steady_clock::now()) == providers::health::state::open);
    CHECK(f.scores.known() == 0);
}

TEST_CASE("AIRI-33: a rejected request, too, is a failure, and one success forgives the failures before it") {
    scores_fixture f;
    for (const unsigned status : {400U, 401U, 404U}) {
        CAPTURE(status);
        f.status = status;
        CHECK_FALSE(f.of({"a" + std::to_string(status)}));
        CHECK(f.scores.health().failures() == 1);
        f.status = 200;
        CHECK(f.of({"b" + std::to_string(status)}));
        CHECK(f.scores.health().failures() == 0);
    }
}

TEST_CASE("AIRI-33: a rate-limited provider is left alone for as long as it asks, a minute at most") {
    scores_fixture f;
    f.status = 429;
    f.headers = {{"retry-after", "3000"}};
    CHECK_FALSE(f.of({"hello"}));
    CHECK_FALSE(f.of({"hello"}));
    CHECK(f.web.asked.size() == 1);
    const auto pause = f.scores.health().excluded_for(std::chrono::steady_clock::now());
    CHECK(pause > milliseconds{50'000});
    CHECK(pause <= milliseconds{60'000});
}

TEST_CASE("a known text needs no provider") {
    scores_fixture f;
    f.of({"hello"});
    f.status = 500;
    for (int i = 0; i < 5; ++i) f.of({"other"});
    CHECK(f.of({"hello"}) == 0.05);
}
