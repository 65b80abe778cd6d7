#include "gateway/messaging/client_frame.hpp"

#include <doctest/doctest.h>

#include "platform/base/json.hpp"

using namespace airi;
using namespace airi::gateway;
namespace frames = airi::events::frames;

namespace {

constexpr std::string_view some_id = "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10";

std::string frame(std::string_view type, std::string_view data) {
    return R"({"type":")" + std::string(type) + R"(","id":"f1","data":)" + std::string(data) + "}";
}
std::string with_id(std::string_view type, std::string_view member, std::string_view more = "") {
    return frame(type, "{\"" + std::string(member) + "\":\"" + std::string(some_id) + "\"" + std::string(more) + "}");
}

template <class Frame>
Frame good(const std::string& text) {
    const auto read = read_client_frame(text);
    REQUIRE(std::holds_alternative<frames::client_frame>(read.content));
    const auto& one = std::get<frames::client_frame>(read.content);
    REQUIRE(std::holds_alternative<Frame>(one));
    return std::get<Frame>(one);
}

// "422 /data/x": the status and the pointer of the first fault; "good" when there is none.
std::string fault(std::string_view text) {
    const auto read = read_client_frame(text);
    const auto* p = std::get_if<problem>(&read.content);
    if (!p) return "good";
    const auto details = json::document::parse(p->details);
    std::string pointer;
    details->root().each([&](json::value one) {
        if (pointer.empty()) pointer = " " + std::string(one["pointer"].string().value_or("?"));
    });
    return std::to_string(p->status) + pointer;
}

}  // namespace

TEST_CASE("every type of frame is read into its struct") {
    const auto send = good<frames::message_send>(
        frame("message_send", R"({"conversation_id":")" + std::string(some_id) +
                                  R"(","content":"hi","client_message_id":"c-1","model":"gpt","companion_id":")" +
                                  std::string(some_id) + R"("})"));
    CHECK(send.conversation->text() == some_id);
    CHECK(send.companion->text() == some_id);
    CHECK(send.content == "hi");
    CHECK(send.client_message_id == "c-1");
    CHECK(send.model == "gpt");
    good<frames::ping>(R"({"type":"ping"})");
    CHECK(good<frames::message_cancel>(with_id("message_cancel", "generation_id")).generation.text() == some_id);
    CHECK(good<frames::subscribe>(frame("subscribe", R"({"channel":"admin"})")).channel == "admin");
    CHECK(good<frames::unsubscribe>(frame("unsubscribe", R"({"channel":"admin"})")).channel == "admin");
    CHECK(good<frames::typing_start>(with_id("typing_start", "conversation_id")).conversation.text() == some_id);
    CHECK(good<frames::typing_stop>(with_id("typing_stop", "conversation_id")).conversation.text() == some_id);
    const auto resume = good<frames::resume>(with_id("resume", "generation_id", R"(,"epoch":2,"offset":17)"));
    CHECK(resume.generation.text() == some_id);
    CHECK(resume.epoch == 2);
    CHECK(resume.offset == 17);
}

TEST_CASE("a message needs only content and a client_message_id") {
    const auto send = good<frames::message_send>(frame("message_send", R"({"content":"hi","client_message_id":"c"})"));
    CHECK_FALSE(send.conversation);
    CHECK_FALSE(send.companion);
    CHECK(send.model.empty());
    CHECK_FALSE(good<frames::message_send>(
        frame("message_send", R"({"content":"x","client_message_id":"c","conversation_id":null,"model":null})"))
            .conversation);
}

TEST_CASE("offset -1 resumes from before the first frame") {
    CHECK(good<frames::resume>(with_id("resume", "generation_id", R"(,"epoch":0,"offset":-1)")).offset == -1);
    CHECK(good<frames::resume>(with_id("resume", "generation_id", R"(,"epoch":1,"offset":0)")).offset == 0);
}

TEST_CASE("a frame's id is echoed, cut when it is too long and left out when it is not a string") {
    CHECK(read_client_frame(frame("ping", "{}")).ref == "f1");
    CHECK(read_client_frame(frame("no such", "{}")).ref == "f1");
    CHECK(read_client_frame(R"({"type":"ping","id":")" + std::string(5000, 'x') + "\"}").ref.size() == 100);
    CHECK(read_client_frame(R"({"type":"ping","id":7})").ref.empty());
    CHECK(read_client_frame("not JSON").ref.empty());
}

TEST_CASE("an invalid frame is rejected with a pointer to the fault") {
    CHECK(fault("") == "400");
    CHECK(fault("not JSON") == "400");
    CHECK(fault("[]") == "400");
    CHECK(fault("\"ping\"") == "400");
    CHECK(fault(std::string(100'000, '[')) == "400");
    CHECK(fault("{}") == "422 /type");
    CHECK(fault(R"({"type":7})") == "422 /type");
    CHECK(fault(R"({"type":"no_such_type"})") == "400");
    CHECK(fault(R"({"type":""})") == "400");
    CHECK(fault(R"({"type":"PING"})") == "400");
    CHECK(fault(R"({"type":"ping","extra":1})") == "422 /extra");
    CHECK(fault(R"({"type":"ping","type":"ping"})") == "422 /type");

    CHECK(fault(frame("message_send", "{}")) == "422 /data/client_message_id");
    CHECK(fault(frame("message_send", R"({"client_message_id":"c","content":7})")) == "422 /data/content");
    CHECK(fault(frame("message_send", R"({"client_message_id":7,"content":"x"})")) == "422 /data/client_message_id");
    CHECK(fault(frame("message_send", R"({"client_message_id":"c","content":"x","conversation_id":"7"})")) ==
          "422 /data/conversation_id");
    CHECK(fault(frame("message_send", R"({"client_message_id":"c","content":"x","companion_id":"7"})")) ==
          "422 /data/companion_id");
    CHECK(fault(frame("message_send", R"({"client_message_id":"c","content":"x","model":[]})")) == "422 /data/model");
    CHECK(fault(frame("message_send", R"({"client_message_id":"c","content":"x","user_id":"other"})")) ==
          "422 /data/user_id");
    CHECK(fault(frame("message_send", R"({"client_message_id":"c","content":"a\u0000b"})")) == "422 /data/content");

    for (const auto* type : {"message_cancel", "resume"}) {
        CHECK(fault(frame(type, "{}")) == "422 /data/generation_id");
        CHECK(fault(frame(type, R"({"generation_id":"x"})")) == "422 /data/generation_id");
    }
    CHECK(fault(with_id("resume", "generation_id")) == "422 /data");
    CHECK(fault(with_id("resume", "generation_id", R"(,"epoch":1)")) == "422 /data");
    CHECK(fault(with_id("resume", "generation_id", R"(,"epoch":-1,"offset":0)")) == "422 /data");
    CHECK(fault(with_id("resume", "generation_id", R"(,"epoch":1,"offset":-2)")) == "422 /data");
    CHECK(fault(with_id("resume", "generation_id", R"(,"epoch":1.5,"offset":0)")) == "422 /data");
    CHECK(fault(with_id("resume", "generation_id", R"(,"epoch":"1","offset":0)")) == "422 /data");

    for (const auto* type : {"subscribe", "unsubscribe"}) {
        CHECK(fault(frame(type, "{}")) == "422 /data/channel");
        CHECK(fault(frame(type, R"({"channel":""})")) == "422 /data/channel");
        CHECK(fault(frame(type, R"({"channel":7})")) == "422 /data/channel");
        CHECK(fault(frame(type, R"({"channel":")" + std::string(101, 'x') + "\"}")) == "422 /data/channel");
    }
    for (const auto* type : {"typing_start", "typing_stop"})
        CHECK(fault(frame(type, R"({"conversation_id":7})")) == "422 /data/conversation_id");
    for (const auto* type : {"message_send", "resume", "subscribe", "typing_start", "message_cancel"})
        for (const auto* data : {"null", "[]", "\"x\"", "7"}) CHECK(fault(frame(type, data)).starts_with("422"));
}

TEST_CASE("an error frame names the id of the client's frame, if it had one") {
    const auto told = error_frame({429, "RATE_LIMITED", "slow down", "null", 3}, "f1");
    const auto parsed = json::document::parse(told);
    const auto data = parsed->root()["data"];
    CHECK(parsed->root()["type"].string() == "error");
    CHECK(data["code"].string() == "RATE_LIMITED");
    CHECK(data["retry_after"].integer() == 3);
    CHECK(data["ref"].string() == "f1");
    CHECK(json::document::parse(error_frame({400, "X", "y"}, ""))->root()["data"]["ref"].is_null());
}
