#include "platform/safety/conversation.hpp"

#include <doctest/doctest.h>

using namespace airi;
using namespace airi::safety;
using namespace std::chrono_literals;

namespace {

// A conversation whose messages are a minute apart.
struct talk {
    conversation now;
    time_point time{1000h};
    policy by;
    step last;

    step& hear(std::string_view text, moderation_scores scores = {}, std::chrono::minutes later = 1min) {
        last = next(now, observe(text, built_in()), scores, time += later, by);
        now = last.after;
        return last;
    }
};

}  // namespace

TEST_CASE("EZRI-34: a high sign enters HIGH_RISK at once, without the model and with an alert") {
    talk t;
    CHECK(t.hear("hello").after.now == state::normal);
    CHECK(t.last.way == path::model);
    t.hear("I am going to kill myself");
    CHECK(t.now.now == state::high_risk);
    CHECK(t.last.way == path::help);
    CHECK(t.last.alert);
    CHECK(t.last.changed);
    CHECK(t.last.about == category::suicide);
}

TEST_CASE("EZRI-34: a medium sign is answered with a kind question, and the answer decides") {
    talk yes, no, other, more;
    for (auto* t : {&yes, &no, &other, &more}) {
        t->hear("I feel hopeless");
        CHECK(t->now.now == state::elevated_concern);
        CHECK(t->last.way == path::ask);
        CHECK_FALSE(t->last.alert);
    }
    CHECK(yes.hear("yes, sometimes").alert);
    CHECK(yes.now.now == state::high_risk);
    CHECK(no.hear("no, not at all").after.now == state::elevated_concern);
    CHECK(no.last.way == path::careful);
    CHECK(no.hear("yes please").after.now == state::elevated_concern);  // no question was open
    CHECK(other.hear("what do you mean?").after.now == state::elevated_concern);
    CHECK(more.hear("I am just a burden to everyone").after.now == state::high_risk);
}

TEST_CASE("EZRI-34: ELEVATED_CONCERN ends after calm messages, and old signs fade") {
    talk t;
    t.hear("I feel hopeless");
    for (int i = 1; i < t.by.calm_messages; ++i)
        CHECK(t.hear("tell me of the sea").after.now == state::elevated_concern);
    CHECK(t.hear("tell me of the sea").after.now == state::normal);
    CHECK(t.now.score == 0);
    talk slow;
    slow.hear("I feel hopeless");
    slow.hear("what is the time?");
    CHECK(slow.hear("nobody would miss me if I was gone", {}, 48h).score < slow.by.high_score);
    CHECK(slow.now.now == state::elevated_concern);
}

TEST_CASE("EZRI-34: signs in several messages add up to HIGH_RISK") {
    talk t;
    t.hear("I feel hopeless");
    t.hear("hm");
    t.hear("nobody would miss me if I was gone");
    CHECK(t.now.now == state::high_risk);
}

TEST_CASE("EZRI-34: SAFETY_MODE follows HIGH_RISK and stays until a person or the rule ends it") {
    talk t;
    t.hear("I am going to kill myself");
    CHECK(t.hear("what is the weather?").after.now == state::safety_mode);
    CHECK(t.last.way == path::careful);
    CHECK(t.hear("I don't want to kill myself").after.now == state::safety_mode);  // denied, which lowers nothing
    CHECK(t.hear("I feel hopeless").way == path::help);
    CHECK_FALSE(t.last.alert);
    for (int i = 0; i < 20; ++i) CHECK(t.hear("hello").after.now == state::safety_mode);
    CHECK(ended(t.now, t.time).now == state::normal);
    CHECK(t.hear("I want to die").alert);  // another alert
    for (int i = 0; i < 5; ++i) t.hear("hello");
    CHECK(t.now.now == state::safety_mode);
    CHECK(t.hear("hello", {}, 25h).after.now == state::normal);
}

TEST_CASE("EZRI-34: moderation's scores count as signs") {
    talk some, sure;
    CHECK(some.hear("a code word", {.self_harm = 0.6}).after.now == state::elevated_concern);
    CHECK(sure.hear("a code word", {.self_harm_intent = 0.95}).after.now == state::high_risk);
}

TEST_CASE(
    "EZRI-33: a negative mood above 0.9 alone is ELEVATED_CONCERN, with a second sign HIGH_RISK, above 0.7 elevated") {
    talk alone, second, some;
    CHECK(
        alone.hear("Everything is terrible, awful and horrible, I cried in pain").after.now == state::elevated_concern);
    CHECK(alone.last.way == path::careful);
    CHECK(second.hear("I am depressed, everything is terrible, awful and horrible, I cried in pain").after.now ==
          state::high_risk);
    CHECK(some.hear("It was a sad, bad and dark day").after.now == state::elevated_concern);
}

TEST_CASE("EZRI-34: the state is stored as text and read again") {
    talk t;
    t.hear("I feel hopeless");
    const auto again = conversation::parse(t.now.text());
    REQUIRE(again.has_value());
    CHECK(*again == t.now);
    CHECK_FALSE(conversation::parse("{}").has_value());
    CHECK_FALSE(conversation::parse("no").has_value());
    for (const auto is : {state::normal, state::elevated_concern, state::high_risk, state::safety_mode})
        CHECK(state_of(name_of(is)) == is);
}

TEST_CASE(
    "EZRI-33: a profile's policy is read over the documented thresholds, and an unknown or impossible number is an "
    "error") {
    const policy standard;
    CHECK(standard.negative_elevated == 0.7);
    CHECK(standard.negative_high == 0.9);
    const auto own = policy::parse(R"({"calm_messages": 3, "rules": ["high suicide: a b", "low suicide: c"]})");
    REQUIRE(own.has_value());
    CHECK(own->calm_messages == 3);
    CHECK(own->rules == "high suicide: a b\nlow suicide: c\n");
    for (const auto* text : {"[]", R"({"medium": 0})", R"({"high_score": 2})", R"({"other": 1})", R"({"rules": [1]})"})
        CHECK_FALSE(policy::parse(text).has_value());
}
