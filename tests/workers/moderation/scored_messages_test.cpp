// The moderation worker with a moderation provider: what a message's scores lead to, and what happens without them.
#include "events/moderation.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/fake_web.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "workers/moderation/moderation.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

constexpr std::string_view terms = R"([{"term": "kill", "category": "violence", "action": "block"}])";
constexpr std::string_view rows = R"([
    {"category": "violence", "audience": "everyone", "plan": "*", "warn": 0.3, "review": 0.6, "block": 0.9},
    {"category": "self-harm/intent", "audience": "everyone", "plan": "*", "review": 0.5}])";

const seal::master master{secret("an encryption key of 32 bytes, or more")};
const seal::keyring evidence{secret("an evidence key of 32 bytes, or more"), {}, "evidence"};

struct scored_fixture {
    loop io;
    fake_database database;
    fake_web web;
    bool minor = false;
    std::string stored_before;  ///< the answer of messages_screen; empty: none
    std::string category = "violence";
    double score = 0;
    unsigned status = 200;
    std::vector<postgres::bound> stored;
    moderation::user_keys keys{io.on(), database, master};
    safety::term_screen in_force;
    moderation::safety_data safety;
    std::shared_ptr<const moderation::thresholds> rules = std::make_shared<const moderation::thresholds>(rows);
    providers::openai_moderation provider{web, {"http://provider/v1", secret("key")}};
    moderation::provider_scores scores{provider};
    moderation::ports ports{database, keys, in_force, safety, evidence, rules, &scores};
    worker moderates = moderation::declare(ports);

    scored_fixture() {
        log::send_to([](std::string_view) {});
        in_force.load(terms);
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            postgres::rows out;
            if (asked.statement->name == "messages.screen") {
                stored.push_back(asked);
                if (!stored_before.empty()) return cell(stored_before);
            }
            if (asked.statement->name != "user_keys.get") return out;
            out.columns_ = 4;
            out.cells_ = {
                requested().user.text(), master.wrap(seal::key::fresh(), requested().user), minor ? "t" : "f", "free"};
            return out;
        };
        web.answer = [this](const http::request& request) {
            json::array results;
            const auto parsed = json::document::parse(request.body);
            parsed->root()["input"].each([&](json::value) {
                json::object values, one;
                values.add(category, score).add("hate", 0.01);
                results.add(one.add("flagged", false).add_raw("category_scores", values.text()));
            });
            return web_page{status, json::object().add_raw("results", results.text()).text()};
        };
    }
    ~scored_fixture() { log::send_to({}); }

    effects handle(const std::string& text) {
        const auto event = requested("m", text);
        const kafka::message message{
            "chat.requested.v1", 0, 7, some_time, event.conversation.text(), events::encode(event), {}};
        auto got = io.run(moderates.handle(record{message}));
        REQUIRE(got);
        return std::move(*got);
    }
    std::string stored_value(std::string_view name) const { return parameter(stored.back(), name); }
};

bool has_event(const effects& all, std::string_view topic) {
    return std::ranges::any_of(all.after.events, [&](const auto& e) { return e.topic == topic; });
}

events::moderation_decided decided_of(const effects& all) {
    for (const auto& e : all.after.events)
        if (e.topic == "moderation.decided.v1") return *events::decode<events::moderation_decided>(e.value);
    FAIL("no decision");
    return {};
}

}  // namespace

TEST_CASE("AIRI-33 SAAS-25 SAAS-36: a message that the provider finds bad is rejected before a model sees it") {
    scored_fixture f;
    f.score = 0.95;
    const auto out = f.handle("something awful");
    CHECK(f.stored_value("action") == "block");
    CHECK(f.stored_value("reason") == "moderation:violence");
    CHECK(contains(f.stored_value("safety"), R"("scores":{"hate":0.01,"violence":0.95})"));
    CHECK_FALSE(has_event(out, "chat.screened.v1"));
    CHECK(has_event(out, "chat.finished.v1"));
    CHECK(decided_of(out).category == "violence");
    CHECK(decided_of(out).confidence == 0.95);
}

TEST_CASE("SAAS-36: a warning passes and a review waits, with their scores; an allowed message stores none") {
    for (const auto& [score, action] : {std::pair{0.4, "warn"}, {0.7, "review"}, {0.1, "allow"}}) {
        CAPTURE(action);
        scored_fixture f;
        f.score = score;
        const auto out = f.handle("hello");
        CHECK(f.stored_value("action") == action);
        CHECK(contains(f.stored_value("safety"), "scores") == (score > 0.3));
        CHECK(has_event(out, "chat.screened.v1") == (action != std::string_view("review")));
    }
}

TEST_CASE("AIRI-33: a blocked term needs no request, nor does a message that help answers") {
    scored_fixture f;
    f.handle("kill");
    CHECK(f.stored_value("reason") == "blocked_term:violence");
    f.handle("I want to end my life");
    CHECK(contains(f.stored_value("reason"), "crisis:help"));
    CHECK(f.web.asked.empty());
}

TEST_CASE("AIRI-33: an intent of self-harm that only the provider sees leads to help, never to a rejection") {
    scored_fixture f;
    f.category = "self-harm/intent";
    f.score = 0.95;
    f.handle("good evening");
    CHECK(f.stored_value("action") == "review");
    CHECK(f.stored_value("reason") == "crisis:help");
    CHECK(contains(f.stored_value("safety"), "HIGH_RISK"));
    CHECK(contains(f.stored_value("safety"), R"("self-harm/intent":0.95)"));
}

TEST_CASE("AIRI-33: without the provider the local rules decide for adults") {
    scored_fixture f;
    f.status = 500;
    CHECK(has_event(f.handle("hello"), "chat.screened.v1"));
    CHECK(f.stored_value("action") == "allow");
    f.handle("kill");
    CHECK(f.stored_value("action") == "block");
}

TEST_CASE("AIRI-33 SAAS-36: a minor's message is rejected while a configured provider is away, and may be sent again") {
    scored_fixture f;
    f.minor = true;
    f.status = 500;
    const auto out = f.handle("hello");
    CHECK(f.stored_value("action") == "block");
    CHECK(f.stored_value("reason") == "moderation_unavailable");
    CHECK_FALSE(has_event(out, "chat.screened.v1"));
    CHECK_FALSE(has_event(out, "moderation.decided.v1"));  // nobody has judged it
    CHECK(has_event(out, "chat.finished.v1"));
    f.handle("I want to end my life");
    CHECK(contains(f.stored_value("reason"), "crisis:help"));
    f.status = 200;
    CHECK(has_event(f.handle("hello"), "chat.screened.v1"));
}

TEST_CASE("SAAS-36: without a provider, or without rules for it, nobody is asked and minors are answered") {
    scored_fixture f;
    f.minor = true;
    f.status = 500;
    f.ports.scores = nullptr;
    CHECK(has_event(f.handle("hello"), "chat.screened.v1"));
    scored_fixture g;
    g.minor = true;
    g.status = 500;
    g.rules = std::make_shared<const moderation::thresholds>();
    CHECK(has_event(g.handle("hello"), "chat.screened.v1"));
    CHECK(g.web.asked.empty());
}

TEST_CASE("AIRI-33: a redelivered message has the stored outcome, whatever the provider says now") {
    scored_fixture f;
    f.stored_before =
        R"({"repeated":true,"decision":null,"end":null,"lost":null,"stopped":null,"verdict":)"
        R"({"action":"block","categories":["violence"],"confidence":0.95,"reason":"moderation:violence"}})";
    const auto out = f.handle("something awful");
    CHECK_FALSE(has_event(out, "chat.screened.v1"));
    CHECK(decided_of(out).action == "block");
    CHECK(decided_of(out).confidence == 0.95);
    REQUIRE(out.after.frames.size() == 1);
    CHECK(contains(out.after.frames.front().more, "moderation:violence"));
    f.stored_before = R"({"repeated":true,"decision":null,"end":null,"lost":null,"stopped":null,"verdict":null})";
    f.score = 0.95;
    CHECK(has_event(f.handle("something worse"), "chat.screened.v1"));
}
