#include "gateway/services/feature_flags.hpp"

#include "tests/gateway/gateway_fixture.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::gateway;

namespace {

constexpr auto on = flag_state::on, off = flag_state::off, other_plan = flag_state::other_plan;

flag_subject user(std::string id, std::string plan = "free", std::vector<std::string> segments = {}) {
    return {id, id + "@example.org", std::move(plan), std::move(segments)};
}

feature_flag flag(std::string_view rule, std::int64_t percentage = 100, bool enabled = true) {
    return read_flag("a_flag", enabled, percentage, rule);
}

flag_state state(const feature_flag& flag, const flag_subject& who, release_stage open = release_stage::stable) {
    return evaluate(flag, who, open);
}

}  // namespace

TEST_CASE("SAAS-52: a flag that is enabled without a rule is on for everyone, a disabled one for nobody") {
    CHECK(state(flag("{}"), user("ann")) == on);
    CHECK(state(flag("{}"), {}) == on);
    CHECK(state(flag(R"({"plans":[],"user_segments":[],"beta_users":[]})"), user("ann")) == on);
    for (const auto open : {release_stage::everything, release_stage::beta, release_stage::stable})
        CHECK(state(flag(R"({"beta_users":["ann"]})", 100, false), user("ann"), open) == off);
}

TEST_CASE("SAAS-52: a flag of some plans is on for their users only") {
    const auto paid = flag(R"({"plans":["plus","pro"]})");
    CHECK(state(paid, user("ann", "pro")) == on);
    CHECK(state(paid, user("ann", "free")) == other_plan);
    CHECK(state(paid, {}) == other_plan);
    CHECK(state(paid, user("ann", "free"), release_stage::everything) == other_plan);
}

TEST_CASE("SAAS-52: a flag of segments and beta users is on for those, a flag of beta users for nobody else") {
    const auto beta = flag(R"({"beta_users":["ann","bob@example.org"]})");
    CHECK(state(beta, user("ann")) == on);
    CHECK(state(beta, user("bob")) == on);
    CHECK(state(beta, user("eve")) == off);
    CHECK(state(beta, {}) == off);
    const auto segment = flag(R"({"user_segments":["paying","new_users"],"beta_users":["ann"]})");
    CHECK(state(segment, user("eve", "plus", {"paying"})) == on);
    CHECK(state(segment, user("eve", "free", {"free"})) == off);
    CHECK(state(segment, user("ann", "free", {"free"})) == on);
}

TEST_CASE("SAAS-52: a percentage takes that part of the users, the same ones while it grows, beta users besides") {
    int users = 0, kept = 0;
    for (int i = 0; i < 2000; ++i) {
        const auto who = user("user-" + std::to_string(i));
        const bool early = state(flag("{}", 20), who) == on;
        users += early;
        kept += early && state(flag("{}", 60), who) == on;
        CHECK(state(flag("{}", 0), who) == off);
        CHECK(state(flag("{}", 100), who) == on);
    }
    CHECK(users > 320);
    CHECK(users < 480);
    CHECK(kept == users);
    CHECK(state(flag("{}", 99), {}) == off);
    CHECK(state(flag(R"({"beta_users":["ann"],"user_segments":["free"]})", 0), user("ann")) == on);
    // The same on every machine and in every version.
    CHECK(state(flag("{}", 50), user("d290f1ee-6c54-4b01-90e6-d701748f0851")) ==
          state(flag("{}", 50), user("d290f1ee-6c54-4b01-90e6-d701748f0851")));
    int both = 0;
    for (int i = 0; i < 2000; ++i) {
        const auto who = user("user-" + std::to_string(i));
        both += state(flag("{}", 20), who) == on && state(read_flag("another", true, 20, "{}"), who) == on;
    }
    CHECK(both < 150);  // independently: some 80
}

TEST_CASE("SAAS-53: development opens every enabled flag, staging treats everyone as a beta user") {
    const auto beta = flag(R"({"beta_users":["ann"]})");
    CHECK(state(beta, user("eve"), release_stage::everything) == on);
    CHECK(state(beta, user("eve"), release_stage::beta) == on);
    CHECK(state(flag("{}", 0), user("eve"), release_stage::everything) == on);
    CHECK(state(flag("{}", 0), user("eve"), release_stage::beta) == off);
    CHECK(state(flag(R"({"user_segments":["admins"]})"), user("eve"), release_stage::beta) == off);
}

TEST_CASE("a caller's segments follow from their role, plan and age") {
    account caller;
    caller.id = user_id::fresh();
    caller.role = "admin";
    caller.second_factor = true;
    caller.plan = "plus";
    caller.rank = 10;
    caller.json = R"({"email":"ann@example.org","created_at":"2026-01-01T00:00:00+00:00"})";
    const auto at = *parse_instant("2026-01-30T00:00:00Z");
    auto who = subject_of(caller, at);
    CHECK(who.id == caller.id.text());
    CHECK(who.email == "ann@example.org");
    CHECK(who.segments == std::vector<std::string>{"paying", "admins", "new_users"});
    caller.role = "user";
    caller.rank = 0;
    CHECK(subject_of(caller, at + std::chrono::days(2)).segments == std::vector<std::string>{"free"});
}

TEST_CASE("SAAS-52: GET /settings tells each caller which features are on, and routes follow") {
    gateway_fixture gateway;
    gateway.flags = gateway_fixture::row({"file_uploads", "t", "100", R"({"beta_users":["ann@example.org"]})"});
    gateway.flags.cells_.insert(gateway.flags.cells_.end(), {"voice_chat", "t", "100", "{}"});
    gateway.load();
    const auto features = [&](gateway::request in) { return gateway.ask(std::move(in)).body; };
    const auto at = "/api/v1/settings";
    CHECK(features(gateway_fixture::anonymous(verb::get, at)) ==
          R"({"success":true,"data":{"signup":true,"features":{"file_uploads":false,"voice_chat":false}}})");
    CHECK(features(gateway.request(verb::get, at)) ==
          R"({"success":true,"data":{"signup":true,"features":{"file_uploads":true,"voice_chat":false}}})");
    gateway.options.voice_chat = true;  // the flag is on, the environment had switched it off
    CHECK(features(gateway_fixture::anonymous(verb::get, at)) ==
          R"({"success":true,"data":{"signup":true,"features":{"file_uploads":false,"voice_chat":true}}})");
    auto bad = gateway_fixture::anonymous(verb::get, at);
    bad.headers.emplace_back("authorization", "Bearer x");
    CHECK(gateway.ask(std::move(bad)).status == 401);
    auto old = gateway_fixture::anonymous(verb::get, at);
    old.headers.emplace_back("cookie", "__Host-airi_access=x");
    CHECK(gateway.ask(std::move(old)).status == 200);

    auto upload = gateway.request(verb::post, "/api/v1/avatars", "x");
    upload.headers = {{"authorization", "Bearer " + gateway.token()}, {"content-type", "image/png"}};
    CHECK(gateway.ask(upload).status == 422);  // no image
    gateway.flags.cells_[1] = "f";
    gateway.load();
    CHECK(gateway_fixture::code_of(gateway.ask(upload)) == "FEATURE_DISABLED");
}
