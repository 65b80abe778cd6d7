// Replies in which a blocked term is found: what clients see, what is stored, and what it costs.
#include "tests/workers/chat/chat_fixture.hpp"

using namespace airi;
using namespace airi::test;
using events::frame_type;

namespace {

constexpr std::string_view list = R"([{"term": "kill you", "category": "violence", "action": "block"},
    {"term": "bad", "category": "profanity", "action": "warn"}])";

struct rejected_fixture : chat_fixture {
    rejected_fixture() { terms.load(list); }

    std::string detail(std::string_view name) const {
        const auto parsed = json::document::parse(row.details);
        return parsed->root()[name].text();
    }
};

}  // namespace

TEST_CASE("a term split over three deltas is never shown, and ends the call and the reply") {
    rejected_fixture h;
    h.openai.calls = {hangs_after({"I will ki", "ll yo", "u and"})};
    h.answer_whole();
    CHECK(h.row.state == "rejected");
    CHECK(h.open_streams() == 0);
    CHECK(parameter(h.finish(), "content") == "I will");
    CHECK(parameter(h.finish(), "error") == "blocked_term:violence");
    CHECK(std::string_view("I will").starts_with(h.frames.shown()));
    CHECK(h.frames.frames.back().type == frame_type::rejected);
    CHECK(h.frames.frames.back().more.find(R"("reason":"blocked_term:violence")") != std::string::npos);
    CHECK(h.frames.frames.back().more.find(R"("content":"I will")") != std::string::npos);
    CHECK(h.detail("finish_reason") == R"("content_filter")");
    CHECK(h.detail("moderation") ==
          R"({"action":"block","categories":["violence"],"confidence":1,"reason":"blocked_term:violence"})");
    CHECK(h.anthropic.asked.empty());
}

TEST_CASE("a rejected reply is billed for all that its model wrote") {
    rejected_fixture h;
    h.openai.calls = {hangs_after({"I will kill you and your whole house"})};
    h.answer_whole();
    CHECK(h.calls().at(0).starts_with("openai/rejected/"));
    CHECK(std::stoll(parameter(h.finish(), "tokens_out")) > 5);
    CHECK(std::stoll(parameter(h.finish(), "cost")) > 0);
    CHECK(
        events::decode<events::usage_recorded>(h.producer.to("usage.recorded.v1").at(0).value)->outcome == "rejected");
    CHECK(events::decode<events::chat_finished>(h.producer.to("chat.finished.v1").at(0).value)->state == "rejected");
}

TEST_CASE("a term at the end of a reply is found before the end is shown") {
    rejected_fixture h;
    h.openai.calls = {says({"Hello. ", "I kill", " you"})};
    h.answer_whole();
    CHECK(h.row.state == "rejected");
    CHECK(parameter(h.finish(), "content") == "Hello. I");
}

TEST_CASE("a term that warns passes, and the decision is stored with the reply") {
    rejected_fixture h;
    h.openai.calls = {says({"A bad ", "day"})};
    h.answer_whole();
    CHECK(h.row.state == "completed");
    CHECK(parameter(h.finish(), "content") == "A bad day");
    CHECK(h.detail("moderation") ==
          R"({"action":"warn","categories":["profanity"],"confidence":1,"reason":"blocked_term:profanity"})");
}

TEST_CASE("a reply without a term has no decision") {
    rejected_fixture h;
    h.openai.calls = {says({"They kill", " your", " time"})};
    h.answer_whole();
    CHECK(h.row.state == "completed");
    CHECK(parameter(h.finish(), "content") == "They kill your time");
    CHECK(h.row.details.find("moderation") == std::string::npos);
}

TEST_CASE("a cancelled reply is stored without the beginning of a term that follows") {
    rejected_fixture h;
    h.openai.calls = {hangs_after({"Well, kill", " you"})};
    auto out = h.begin();
    h.shown("Well");
    h.live.cancel(h.event.generation);
    REQUIRE(h.io.until([&] { return out->done; }));
    REQUIRE(h.io.run(workers::apply_effects(**out->effects, {h.database, h.producer, h.frames})));
    CHECK(h.frames.shown() == "Well");
    CHECK(parameter(h.finish(), "content").starts_with("Well"));
    CHECK(parameter(h.finish(), "content").find("you") == std::string::npos);
}

TEST_CASE("AIRI-26: a term in the arguments of a call is never shown") {
    rejected_fixture h;
    auto call = says({"Let me see", "", ""});
    call.called = {{}, {{0, "call_a", "say", R"({"text":"I ki)"}}, {{0, "", "", R"(\u006cl you now"})"}}};
    h.openai.calls = {call};
    h.answer_whole();
    CHECK(h.row.state == "rejected");
    for (const auto& frame : h.frames.frames) CHECK(frame.more.find("ki") == std::string::npos);
    CHECK(parameter(h.finish(), "details").find("I ki") == std::string::npos);
}
