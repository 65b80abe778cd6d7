#include "workers/moderation/thresholds.hpp"

#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::workers;
using moderation::thresholds;
using moderation::user_traits;

namespace {

const thresholds rules(R"([
    {"category": "*", "audience": "everyone", "plan": "*", "warn": null, "review": 0.9, "block": null},
    {"category": "violence", "audience": "everyone", "plan": "*", "warn": 0.5, "review": 0.7, "block": 0.9},
    {"category": "sexual", "audience": "everyone", "plan": "*", "warn": 0.7, "review": null, "block": null},
    {"category": "sexual", "audience": "everyone", "plan": "pro", "warn": null, "review": null, "block": null},
    {"category": "sexual", "audience": "minors", "plan": "*", "warn": 0.2, "review": 0.4, "block": 0.6},
    {"category": "self-harm", "audience": "everyone", "plan": "*", "warn": null, "review": 0.5, "block": 0.6},
    {"category": "term:sexual", "audience": "minors", "plan": "*", "warn": null, "review": null, "block": 0.8}])");

const user_traits adult{false, "free"}, paying{false, "pro"}, minor{true, "free"}, paying_minor{true, "pro"};

std::string action_of(providers::category_scores scores, const user_traits& user = adult) {
    return rules.judge(scores, user).action;
}

}  // namespace

TEST_CASE("AIRI-33 SAAS-36: a score allows, warns, is held for review or blocks by the row of its category") {
    CHECK(action_of({{"violence", 0.49}}) == "allow");
    CHECK(action_of({{"violence", 0.5}}) == "warn");
    CHECK(action_of({{"violence", 0.7}}) == "review");
    CHECK(action_of({{"violence", 0.9}}) == "block");
    CHECK(action_of({}) == "allow");
}

TEST_CASE("SAAS-36: the most severe category is the first, with its score and reason") {
    const auto found = rules.judge({{"sexual", 0.99}, {"violence", 0.91}, {"self-harm", 0.55}, {"hate", 0.1}}, adult);
    CHECK(found.action == "block");
    CHECK(found.confidence == 0.91);
    CHECK(found.reason == "moderation:violence");
    REQUIRE(found.categories.size() == 3);
    CHECK(found.categories.front() == "violence");
}

TEST_CASE("SAAS-36: a rule of minors counts before one of the plan, and that before one of everyone") {
    CHECK(action_of({{"sexual", 0.8}}, adult) == "warn");
    CHECK(action_of({{"sexual", 0.8}}, paying) == "allow");
    CHECK(action_of({{"sexual", 0.8}}, minor) == "block");
    CHECK(action_of({{"sexual", 0.8}}, paying_minor) == "block");
    CHECK(action_of({{"sexual", 0.3}}, minor) == "warn");
    CHECK(action_of({{"sexual", 0.3}}, adult) == "allow");
}

TEST_CASE("SAAS-36: a category without a rule of its own has the rule of all others") {
    CHECK(action_of({{"novel", 0.89}}) == "allow");
    CHECK(action_of({{"novel", 0.9}}) == "review");
}

TEST_CASE("SAAS-36: self-harm is neither blocked nor held, whatever the rule says") {
    CHECK(action_of({{"self-harm", 1}}) == "warn");
    CHECK(action_of({{"self-harm", 1}}, minor) == "warn");
}

TEST_CASE("SAAS-36: a term's category has rules by age, which only raise what the term itself asks for") {
    const safety::verdict warned{"warn", {"sexual"}, 1, "blocked_term:sexual"};
    CHECK(rules.judge_terms(warned, adult).action == "warn");
    const auto raised = rules.judge_terms(warned, minor);
    CHECK(raised.action == "block");
    CHECK(raised.reason == "moderation:term:sexual");
    CHECK(raised.categories == std::vector<std::string>{"sexual"});
    const safety::verdict blocked{"block", {"spam"}, 1, "blocked_term:spam"};
    CHECK(rules.judge_terms(blocked, minor).reason == "blocked_term:spam");
    CHECK(rules.judge_terms({}, minor).action == "allow");
}

TEST_CASE("rows that cannot be read are left out, and without rows there are no rules") {
    CHECK(thresholds().empty());
    CHECK(thresholds("no JSON").empty());
    CHECK(thresholds(R"([{"category": 5}, 7])").empty());
    CHECK(thresholds().judge({{"violence", 1}}, minor).action == "allow");
}
