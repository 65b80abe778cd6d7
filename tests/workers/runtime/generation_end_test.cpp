#include "workers/runtime/generation_end.hpp"

#include "events/usage.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
using workers::after_end;

namespace {

constexpr std::string_view trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

sql::generations::end ended(std::string state, std::string error = "") {
    sql::generations::end out{std::move(state), std::move(error), "openai", "gpt", 2, 17, 12, 34, 5600, 789, some_time,
        R"({"content":"hi"})", false, false, {}};
    out.calls = {{event_id::of(screened().generation.value, "call 0"), "groq", "llama", "interrupted",
                     {.in = 10, .out = 1}, 100, 3, some_time},
        {event_id::of(screened().generation.value, "call 1"), "openai", "gpt", "completed",
            {.in = 12, .out = 34, .cached = 4, .reasoning = 2}, 5600, 7, some_time}};
    return out;
}

std::string header_of(const events::outgoing& out, std::string_view name) {
    for (const auto& [n, value] : out.headers)
        if (n == name) return value;
    return "none";
}

const std::vector<std::string> billed{
    "chat.finished.v1", "usage.recorded.v1", "usage.recorded.v1", "usage.recorded.v1"};

std::vector<std::string> topics(const workers::after_commit& of) {
    std::vector<std::string> out;
    for (const auto& e : of.events) out.push_back(e.topic);
    return out;
}

}  // namespace

TEST_CASE("the same end has the same effects, byte for byte") {
    const auto once = after_end(screened(), ended("completed"), trace, "/airi/workers/chat"),
               again = after_end(screened(), ended("completed"), trace, "/airi/workers/chat");
    REQUIRE(once.events.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(once.events[i].value == again.events[i].value);
        CHECK(once.events[i].headers == again.events[i].headers);
        CHECK(once.events[i].key == again.events[i].key);
    }
    CHECK(header_of(once.events[0], "ce_id") != header_of(once.events[1], "ce_id"));
    CHECK(header_of(once.events[0], "ce_id") == event_id::of(screened().generation.value, "finished").text());
    CHECK(header_of(once.events[1], "ce_id") == event_id::of(screened().generation.value, "usage").text());
    CHECK(header_of(once.events[0], "traceparent") == trace);
    CHECK(header_of(once.events[0], "ce_time") == to_text(some_time));
}

TEST_CASE("a completed reply ends the stream, is published and billed") {
    const auto out = after_end(screened(), ended("completed"), trace, "/airi/workers/chat");
    REQUIRE(out.frames.size() == 1);
    CHECK(out.frames[0].type == events::frame_type::complete);
    CHECK(out.frames[0].position == events::position{2, 17});
    CHECK(out.frames[0].more == R"("message":{"content":"hi"})");
    CHECK(topics(out) == billed);
    const auto finished = events::decode<events::chat_finished>(out.events[0].value);
    REQUIRE(finished);
    CHECK(finished->state == "completed");
    CHECK(finished->epoch == 2);
    CHECK(finished->cost_nanousd == 5600);
    const auto usage = events::decode<events::usage_recorded>(out.events[1].value);
    REQUIRE(usage);
    CHECK(usage->user == screened().user);
    CHECK(usage->resource == "messages");
    CHECK(usage->quantity == 1);
    CHECK(usage->tokens_in == 0);
    CHECK(usage->cost_nanousd == 0);
    CHECK(usage->reference == screened().generation);
    CHECK(usage->occurred_at == some_time);
}

TEST_CASE("AIRI-31: each call is a line of the ledger, the failed ones too") {
    const auto out = after_end(screened(), ended("completed"), trace, "/airi/workers/chat");
    REQUIRE(out.events.size() == 4);
    const auto failed = events::decode<events::usage_recorded>(out.events[2].value);
    REQUIRE(failed);
    CHECK(failed->resource == "tokens");
    CHECK(failed->quantity == 11);
    CHECK(failed->outcome == "interrupted");
    CHECK(failed->provider == "groq");
    CHECK(failed->cost_nanousd == 100);
    const auto last = events::decode<events::usage_recorded>(out.events[3].value);
    REQUIRE(last);
    CHECK(last->quantity == 46);
    CHECK(last->tokens_in == 12);
    CHECK(last->tokens_cached == 4);
    CHECK(last->tokens_reasoning == 2);
    CHECK(last->price_version == 7);
    CHECK(last->reference == screened().generation);
    CHECK(header_of(out.events[3], "ce_id") == event_id::of(screened().generation.value, "call 1").text());
}

TEST_CASE(
    "SAAS-26: a stored reply is announced to its conversation and to its user's devices, one outside every "
    "conversation is not") {
    for (const auto* state : {"completed", "rejected", "cancelled", "failed"}) {
        CAPTURE(state);
        const auto out = after_end(screened(), ended(state), trace, "/airi/workers/chat");
        REQUIRE(out.announcements.size() == 2);
        CHECK(out.announcements[0].channel == events::channel_of(screened().conversation));
        CHECK(out.announcements[1].channel == events::channel_of(screened().user));
        for (const auto& one : out.announcements) {
            CHECK(one.created == screened().reply);
            CHECK(one.frame == R"({"type":"message_created","data":{"conversation_id":")" +
                                   screened().conversation.text() + R"(","message":{"content":"hi"}}})");
        }
    }
    auto without_reply = ended("failed");
    without_reply.message = "null";
    CHECK(after_end(screened(), without_reply, trace, "/airi/workers/chat").announcements.empty());
    auto unlisted = screened();
    unlisted.listed = false;
    CHECK(after_end(unlisted, ended("completed"), trace, "/airi/workers/chat").announcements.empty());
}

TEST_CASE("AIRI-23: a reply whose question is gone ends its stream and is billed, but is not announced") {
    auto superseded = ended("completed");
    superseded.superseded = true;
    const auto out = after_end(screened(), superseded, trace, "/airi/workers/chat");
    CHECK(out.announcements.empty());
    CHECK(out.frames.at(0).type == events::frame_type::complete);
    CHECK(topics(out) == billed);
}

TEST_CASE("a cancelled reply is billed for the part that was made") {
    const auto out = after_end(screened(), ended("cancelled"), trace, "/airi/workers/chat");
    CHECK(out.frames.at(0).type == events::frame_type::cancelled);
    CHECK(topics(out) == billed);
    CHECK(events::decode<events::usage_recorded>(out.events.at(1).value)->outcome == "cancelled");
}

TEST_CASE("a reply that was rejected from a place on is sent with its text, and billed") {
    const auto out = after_end(screened(), ended("rejected", "blocked_term:violence"), trace, "/airi/workers/chat");
    CHECK(out.frames.at(0).type == events::frame_type::rejected);
    CHECK(out.frames.at(0).more ==
          R"("reason":"blocked_term:violence","safety_state":"block","message":{"content":"hi"})");
    CHECK(topics(out) == billed);
    CHECK(events::decode<events::usage_recorded>(out.events.at(1).value)->outcome == "rejected");
}

TEST_CASE("AIRI-31: a failed reply is sent and published, and counts as no message, with its calls") {
    const auto out = after_end(screened(), ended("failed", "provider_unavailable"), trace, "/airi/workers/chat");
    CHECK(out.frames.at(0).type == events::frame_type::failed);
    CHECK(out.frames.at(0).more == R"("code":"provider_unavailable")");
    CHECK(topics(out) == billed);
    const auto usage = events::decode<events::usage_recorded>(out.events.at(1).value);
    CHECK(usage->quantity == 0);
    CHECK(usage->outcome == "failed");
    CHECK(events::decode<events::chat_finished>(out.events.at(0).value)->error_code == "provider_unavailable");
}

TEST_CASE("a rejected message, which moderation has ended, sends nothing again") {
    auto before_a_model = ended("rejected");
    before_a_model.epoch = 0;
    const auto out = after_end(screened(), before_a_model, trace, "/airi/workers/chat");
    CHECK(out.frames.empty());
    CHECK(out.events.empty());
}
