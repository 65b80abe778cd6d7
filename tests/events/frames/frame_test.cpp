#include "events/frames/frame.hpp"

#include <doctest/doctest.h>

#include <random>

#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
using events::frame_type;
using events::position;

namespace {

const events::generation_ids ids{
    requested().conversation, requested().generation, requested().message, requested().reply};
constexpr std::array types{frame_type::start, frame_type::delta, frame_type::snapshot, frame_type::restart,
    frame_type::held, frame_type::complete, frame_type::rejected, frame_type::failed, frame_type::cancelled};

}  // namespace

TEST_CASE("a frame has the ids of its generation, its position and its content") {
    const auto text = events::frame(frame_type::delta, ids, {2, 17}, events::content_member("a\"b\n"));
    const auto parsed = json::document::parse(text);
    REQUIRE(parsed.has_value());
    const auto data = parsed->root()["data"];
    CHECK(parsed->root()["type"].string() == "message_delta");
    CHECK(data["conversation_id"].string() == ids.conversation.text());
    CHECK(data["message_id"].string() == ids.reply.text());
    CHECK(data["generation_id"].string() == ids.generation.text());
    CHECK(data["epoch"].integer() == 2);
    CHECK(data["offset"].integer() == 17);
    CHECK(data["content"].string() == "a\"b\n");
    CHECK(json::document::parse(events::frame(frame_type::start, ids, {1, 0}, "")).has_value());
}

TEST_CASE("each frame type has its wire name, and four of them are ends") {
    const std::string_view names[] = {"message_start", "message_delta", "message_snapshot", "message_restart",
        "message_held", "message_complete", "message_rejected", "message_failed", "message_cancelled"};
    for (std::size_t i = 0; i < types.size(); ++i) {
        CHECK(events::name_of(types[i]) == names[i]);
        CHECK(events::frame_type_of(names[i]) == types[i]);
        CHECK(events::is_end(types[i]) == (i >= 5));
    }
    CHECK_FALSE(events::frame_type_of("message_gone"));
    CHECK_FALSE(events::frame_type_of(""));
}

TEST_CASE("a published payload reads back") {
    for (const auto type : types) {
        const auto json = events::frame(type, ids, {3, 41}, "");
        const auto payload = events::publish_payload(ids.generation, {3, 41}, type, json);
        const auto read = events::read_payload(payload);
        REQUIRE(read);
        CHECK(read->of_generation);
        CHECK(read->generation == ids.generation);
        CHECK(read->at == position{3, 41});
        CHECK(read->type == type);
        CHECK(read->frame == json);
    }
    const auto payload = events::publish_payload(R"({"type":"usage_updated"})");
    const auto read = events::read_payload(payload);
    REQUIRE(read);
    CHECK_FALSE(read->of_generation);
    CHECK(read->frame == R"({"type":"usage_updated"})");
    CHECK_FALSE(read->created);
    const auto later = events::read_payload("- a word of a later version\n{}");
    CHECK_FALSE(later->of_generation);
    CHECK_FALSE(later->created);
    const auto text = events::publish_payload(R"({"type":"message_created"})", ids.reply);
    const auto created = events::read_payload(text);
    REQUIRE(created);
    CHECK_FALSE(created->of_generation);
    CHECK(created->created == ids.reply);
    CHECK(created->frame == R"({"type":"message_created"})");
}

TEST_CASE("a payload of another form is not read") {
    const auto id = ids.generation.text();
    for (const std::string& text : {std::string(), std::string("x"), std::string("-"), std::string("x\n{}"),
             std::string("\n{}"), id + "\n{}", id + " 1\n{}", id + " 1 2\n{}", id + " 1 2 delta\n{}",
             id + " a 2 message_delta\n{}", id + " 1 2x message_delta\n{}", id + "  1 2 message_delta\n{}",
             id + " 99999999999999999999 2 message_delta\n{}", "x" + id + " 1 2 message_delta\n{}",
             id + " 1 2 message_delta"}) {
        CAPTURE(text);
        CHECK_FALSE(events::read_payload(text));
    }
}

TEST_CASE("random payloads are read safely") {
    std::mt19937 random(7);
    const auto good = events::publish_payload(ids.generation, {3, 41}, frame_type::delta, "{}");
    for (int i = 0; i < 20'000; ++i) {
        auto text = good.substr(0, random() % (good.size() + 1));
        for (int changes = static_cast<int>(random() % 4); changes > 0 && !text.empty(); --changes)
            text[random() % text.size()] = static_cast<char>(random());
        if (const auto read = events::read_payload(text); read && read->of_generation)
            CHECK(read->frame.size() <= text.size());
        static_cast<void>(events::read_entry_id(text));
    }
}

TEST_CASE("positions are ordered by epoch, then by offset") {
    CHECK(position{2, 0} > position{1, 999});
    CHECK(position{2, 1} > position{2, 0});
    for (const auto at : {position{0, 0}, position{1, 0}, position{12, 345}})
        CHECK(events::read_entry_id(events::entry_id(at)) == at);
    for (const std::string_view text : {"", "-", "1", "1-", "-1", "a-b", "1-2-3", "1-2 ", "1--2x"}) {
        CAPTURE(text);
        CHECK_FALSE(events::read_entry_id(text));
    }
}

TEST_CASE("the last frame gives the end of its generation") {
    const auto rejected = events::end_frame("rejected", "blocked_term:violence", "null");
    CHECK(rejected.type == frame_type::rejected);
    CHECK(rejected.more == R"("reason":"blocked_term:violence","safety_state":"block")");
    CHECK(events::end_frame("rejected", "x", R"({"content":"hi"})").more ==
          R"("reason":"x","safety_state":"block","message":{"content":"hi"})");
    const auto failed = events::end_frame("failed", "provider_unavailable", "null");
    CHECK(failed.type == frame_type::failed);
    CHECK(failed.more == R"("code":"provider_unavailable")");
    const auto cancelled = events::end_frame("cancelled", "", R"({"content":"par"})");
    CHECK(cancelled.type == frame_type::cancelled);
    CHECK(cancelled.more == R"("message":{"content":"par"})");
    CHECK(events::end_frame("completed", "", "{}").type == frame_type::complete);
}

TEST_CASE("streams and channels are named after their generation, conversation or user") {
    CHECK(events::stream_key(ids.generation) == "gen:" + ids.generation.text());
    CHECK(events::channel_of(ids.conversation) == "conversation:" + ids.conversation.text());
    CHECK(events::channel_of(requested().user) == "user:" + requested().user.text());
}
