#include "events/frames/codec.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include "events/frames/all.hpp"
#include "events/frames/frame.hpp"
#include "events/sample.hpp"
#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
namespace frames = airi::events::frames;
using events::encode_frame;

namespace {

constexpr std::string_view some_id = "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10";

// "field fault", or "good".
template <class Frame>
std::string fault_of(std::string_view data) {
    const auto parsed = json::document::parse(data);
    const auto read = events::decode_frame<Frame>(parsed->root());
    const auto* fault = std::get_if<events::field_fault>(&read);
    if (!fault) return "good";
    CHECK_FALSE(fault->expects.empty());
    return fmt::format("{} {}", fault->field, make_error_code(fault->fault).message());
}

template <class Frame>
Frame decoded(std::string_view data) {
    const auto parsed = json::document::parse(data);
    const auto read = events::decode_frame<Frame>(parsed->root());
    REQUIRE(std::holds_alternative<Frame>(read));
    return std::get<Frame>(read);
}

}  // namespace

TEST_CASE("a server frame has its type, the id it answers and its fields in their declared order") {
    const auto user = requested().user;
    const auto conversation = requested().conversation;
    CHECK(encode_frame(frames::pong{}) == R"({"type":"pong","data":{}})");
    CHECK(encode_frame(frames::pong{}, "f1") == R"({"type":"pong","id":"f1","data":{}})");
    CHECK(encode_frame(frames::reconnect{250}) == R"({"type":"reconnect","data":{"after_ms":250}})");
    CHECK(
        encode_frame(frames::subscribed{"a\"b"}, "7") == R"({"type":"subscribed","id":"7","data":{"channel":"a\"b"}})");
    CHECK(encode_frame(frames::conversation_updated{{R"({"id":1})"}}) ==
          R"({"type":"conversation_updated","data":{"conversation":{"id":1}}})");
    CHECK(
        encode_frame(frames::message_created{conversation, {R"({"id":1})"}}) ==
        R"({"type":"message_created","data":{"conversation_id":")" + conversation.text() + R"(","message":{"id":1}}})");
    CHECK(encode_frame(frames::usage_updated{user, "messages", 3, 50}) ==
          R"({"type":"usage_updated","data":{"user_id":")" + user.text() +
              R"(","resource_type":"messages","current_usage":3,"limit":50}})");
    CHECK(encode_frame(frames::typing_started{conversation, user}) ==
          R"({"type":"typing_start","data":{"conversation_id":")" + conversation.text() + R"(","user_id":")" +
              user.text() + R"("}})");
    CHECK(encode_frame(frames::presence{user, "online", some_time}) ==
          R"({"type":"presence","data":{"user_id":")" + user.text() + R"(","state":"online","last_seen":")" +
              to_text(some_time) + R"("}})");
}

TEST_CASE("EZRI-39: the frames of crisis safety carry the help lines, and a conversation's old and new state") {
    const auto conversation = requested().conversation;
    CHECK(encode_frame(frames::crisis_resources{conversation, "AT", {R"([{"dial":"142"}])"}}) ==
          R"({"type":"crisis_resources","data":{"conversation_id":")" + conversation.text() +
              R"(","country":"AT","resources":[{"dial":"142"}]}})");
    CHECK(encode_frame(frames::safety_state_change{conversation, "NORMAL", "HIGH_RISK"}) ==
          R"({"type":"safety_state_change","data":{"conversation_id":")" + conversation.text() +
              R"(","old_state":"NORMAL","new_state":"HIGH_RISK"}})");
}

TEST_CASE("an empty optional field is null, or left out if it is not required") {
    CHECK(encode_frame(frames::error{"X", "y", {}, {}, {}}) ==
          R"({"type":"error","data":{"code":"X","message":"y","details":null,"ref":null}})");
    CHECK(encode_frame(frames::error{"X", "y", {"[1]"}, 3, "f1"}) ==
          R"({"type":"error","data":{"code":"X","message":"y","details":[1],"retry_after":3,"ref":"f1"}})");
    const auto user = requested().user;
    CHECK(encode_frame(frames::usage_updated{user, "x", 0, {}}).ends_with(R"("limit":null}})"));
    CHECK(encode_frame(frames::notification_new{user, "x", {}}).ends_with(R"("kind":"x","notification":null}})"));
}

TEST_CASE("a client frame is read from its data") {
    const auto id = std::string(some_id);
    const auto send = decoded<frames::message_send>(
        R"({"conversation_id":")" + id + R"(","content":"hi","client_message_id":"c","model":"m","companion_id":""})");
    CHECK(send.conversation->text() == some_id);
    CHECK(send.content == "hi");
    CHECK(send.client_message_id == "c");
    CHECK(send.model == "m");
    CHECK_FALSE(send.companion);
    const auto least = decoded<frames::message_send>(
        R"({"client_message_id":"c","content":null,"conversation_id":null,"companion_id":null,"model":null})");
    CHECK_FALSE(least.conversation);
    CHECK(least.content.empty());
    const auto resume = decoded<frames::resume>(R"({"generation_id":")" + id + R"(","epoch":2,"offset":-1})");
    CHECK(resume.generation.text() == some_id);
    CHECK(resume.epoch == 2);
    CHECK(resume.offset == -1);
    CHECK(decoded<frames::subscribe>(R"({"channel":"admin"})").channel == "admin");
    decoded<frames::ping>("null");
}

TEST_CASE("every client frame decodes to what was encoded") {
    std::apply(
        [](const auto&... frame) {
            const auto check = [](const auto& sample) {
                using type = std::remove_cvref_t<decltype(sample)>;
                CAPTURE(type::type);
                const auto text = encode_frame(sample);
                const auto parsed = json::document::parse(text);
                REQUIRE(parsed.has_value());
                CHECK(encode_frame(decoded<type>(parsed->root()["data"].text())) == text);
            };
            (check(events::sample<std::remove_cvref_t<decltype(frame)>>()), ...);
        },
        frames::client_frames{});
}

TEST_CASE("a fault of a client frame names the field") {
    CHECK(fault_of<frames::message_send>("{}") == "client_message_id missing field");
    CHECK(fault_of<frames::message_send>("null") == "client_message_id missing field");
    CHECK(fault_of<frames::message_send>(R"({"client_message_id":""})") == "client_message_id out of bounds");
    CHECK(fault_of<frames::message_send>(R"({"client_message_id":null})") == "client_message_id wrong type");
    CHECK(fault_of<frames::message_send>(R"({"client_message_id":"c","content":7})") == "content wrong type");
    CHECK(
        fault_of<frames::message_send>(R"({"client_message_id":"c","companion_id":"7"})") == "companion_id wrong type");
    CHECK(fault_of<frames::message_send>(R"({"client_message_id":"c","attachments":[{"a":1}]})") == "good");
    CHECK(fault_of<frames::message_cancel>(R"({"generation_id":null})") == "generation_id wrong type");
    CHECK(fault_of<frames::subscribe>(R"({"channel":")" + std::string(101, 'x') + "\"}") == "channel out of bounds");
    CHECK(fault_of<frames::subscribe>(R"({"channel":""})") == "channel out of bounds");
    const auto resume = R"({"generation_id":")" + std::string(some_id);
    CHECK(fault_of<frames::resume>(resume + R"(","epoch":-1,"offset":0})") == "epoch out of bounds");
    CHECK(fault_of<frames::resume>(resume + R"(","epoch":0,"offset":-2})") == "offset out of bounds");
    CHECK(fault_of<frames::resume>(resume + R"(","epoch":0,"offset":1.5})") == "offset wrong type");
}

TEST_CASE("the names of a client frame's fields are those of its declaration") {
    CHECK(events::field_names<frames::resume>() == std::array<std::string_view, 3>{"generation_id", "epoch", "offset"});
    CHECK(events::field_names<frames::ping>().empty());
    CHECK(std::variant_size_v<frames::client_frame> == 8);
}

TEST_CASE("a generation's frame begins with the declared members of its place") {
    const auto in = requested();
    const frames::generation_place place{in.conversation, in.reply, in.generation, 2, 17};
    const events::generation_ids ids{in.conversation, in.generation, in.message, in.reply};
    CHECK(events::frame(events::frame_type::failed, ids, {2, 17}, R"("code":"x")") ==
          R"({"type":"message_failed","data":{)" + events::members_of(place) + R"(,"code":"x"}})");
    CHECK(events::content_member("a\"b") == R"("content":"a\"b")");
    CHECK(events::members_of(frames::message_start{}).empty());
}
