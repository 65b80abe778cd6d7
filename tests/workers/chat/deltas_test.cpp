#include "workers/chat/deltas.hpp"

#include "platform/redis/redis.hpp"
#include "tests/support/cpp/fake_channel.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
using events::frame_type;
using events::position;
using workers::chat::deltas;
using types = std::vector<frame_type>;

namespace {

const events::generation_ids ids{
    requested().conversation, requested().generation, requested().message, requested().reply};
const error_code away = redis::errc::unavailable;

struct writing {
    loop io;
    fake_channel frames;
    std::shared_ptr<deltas> out = std::make_shared<deltas>(frames, ids, io.on());

    void written(std::size_t count) {
        REQUIRE(io.until([&] { return frames.frames.size() >= count; }));
    }
    void settle() { io.run(settled(out)); }
    static awaitable<> settled(std::shared_ptr<deltas> d) { co_await d->settle(); }
};

}  // namespace

TEST_CASE("the first piece is sent at once") {
    writing w;
    w.out->begin(1);
    w.out->push({.text = "Hel", .tokens = {}, .ended = {}});
    w.io.settle();
    CHECK(w.frames.types() == types{frame_type::start, frame_type::delta});
    CHECK(w.frames.frames[0].at == position{1, 0});
    CHECK(w.frames.frames[1].at == position{1, 1});
    CHECK(w.frames.frames[1].text == "Hel");
    CHECK(w.out->next_offset() == 2);
}

TEST_CASE("later pieces are sent at most once every 20 ms, and no text is lost or repeated") {
    writing w;
    w.out->begin(1);
    std::string all;
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 60; ++i) {
        const auto piece = std::to_string(i) + " ";
        all += piece;
        w.out->push({.text = piece, .tokens = {}, .ended = {}});
        const auto next = std::chrono::steady_clock::now() + milliseconds{1};
        REQUIRE(w.io.until([&] { return std::chrono::steady_clock::now() >= next; }));
    }
    REQUIRE(w.io.until([&] { return w.frames.shown() == all; }));
    const auto lasted = std::chrono::steady_clock::now() - begun;
    CHECK(static_cast<long long>(w.frames.frames.size()) <= lasted / milliseconds{20} + 2);
    CHECK(w.frames.frames.size() > 3);
    for (std::size_t i = 0; i < w.frames.frames.size(); ++i)
        CHECK(w.frames.frames[i].at == position{1, static_cast<std::int64_t>(i)});
    CHECK(w.out->text() == all);
}

TEST_CASE("many streams of a process share its frames") {
    using workers::chat::frame_gap;
    CHECK(frame_gap(1) == milliseconds{20});
    CHECK(frame_gap(100) == milliseconds{20});
    CHECK(frame_gap(500) == milliseconds{100});
    writing alone;
    alone.out = std::make_shared<deltas>(alone.frames, ids, alone.io.on(), [] { return std::size_t{500}; });
    const auto begun = std::chrono::steady_clock::now();
    alone.out->begin(1);
    alone.out->push({.text = "at once", .tokens = {}, .ended = {}});
    alone.written(2);
    alone.out->push({.text = ", then later", .tokens = {}, .ended = {}});
    alone.written(3);
    CHECK(std::chrono::steady_clock::now() - begun >= milliseconds{100});
}

TEST_CASE("text that comes while a frame is in flight is sent in one frame") {
    writing w;
    w.out->begin(1);
    w.out->push({.text = "a", .tokens = {}, .ended = {}});
    w.io.settle();
    w.frames.use.hold();
    w.out->push({.text = "b", .tokens = {}, .ended = {}});
    REQUIRE(w.io.until([&] { return w.frames.use.held() == 1; }));
    w.out->push({.text = "c", .tokens = {}, .ended = {}});
    w.out->push({.text = "d", .tokens = {}, .ended = {}});
    w.io.settle();
    CHECK(w.frames.use.held() == 1);
    w.frames.use.release();
    w.written(4);
    CHECK(w.frames.frames[3].text == "cd");
    CHECK(w.frames.shown() == "abcd");
}

TEST_CASE("when the history is lost the whole text is sent as a snapshot, at the offset that was not written") {
    writing w;
    w.out->begin(1);
    w.out->push({.text = "Hello", .tokens = {}, .ended = {}});
    w.io.settle();
    w.frames.flush();
    w.out->push({.text = " world", .tokens = {}, .ended = {}});
    w.written(3);
    CHECK(w.frames.frames[2].type == frame_type::snapshot);
    CHECK(w.frames.frames[2].at == position{1, 2});
    CHECK(w.frames.frames[2].text == "Hello world");
    w.out->push({.text = "!", .tokens = {}, .ended = {}});
    w.written(4);
    CHECK(w.frames.frames[3].type == frame_type::delta);
    CHECK(w.frames.shown() == "Hello world!");
}

TEST_CASE(
    "after an outage of Redis the whole text is sent at the next offset, for the lost frame may have been written") {
    for (const bool written : {false, true}) {
        CAPTURE(written);
        writing w;
        w.out->begin(1);
        w.out->push({.text = "Hello", .tokens = {}, .ended = {}});
        w.io.settle();
        w.frames.answer_lost = written;
        w.frames.use.fail_next(1, away);
        w.out->push({.text = " world", .tokens = {}, .ended = {}});
        REQUIRE(w.io.until([&] { return w.frames.frames.back().type == frame_type::snapshot; }));
        CHECK(w.frames.frames.back().at == position{1, 3});
        CHECK(w.frames.frames.back().text == "Hello world");
        CHECK_FALSE(w.out->superseded());
        w.out->push({.text = "!", .tokens = {}, .ended = {}});
        REQUIRE(w.io.until([&] { return w.frames.shown() == "Hello world!"; }));
        CHECK(w.frames.frames.back().at == position{1, 4});
    }
}

TEST_CASE("a lost start is replaced by a snapshot, and a long outage costs only frames") {
    writing w;
    w.frames.use.fail_next(3, away);
    w.out->begin(1);
    w.out->push({.text = "Hello", .tokens = {}, .ended = {}});
    REQUIRE(w.io.until([&] { return !w.frames.frames.empty(); }));
    CHECK(w.frames.frames[0].type == frame_type::snapshot);
    CHECK(w.frames.frames[0].at == position{1, 3});
    CHECK(w.frames.shown() == "Hello");
    CHECK(w.out->shown() == "Hello");
}

TEST_CASE("nothing more is sent once a later epoch writes the stream") {
    writing w;
    w.out->begin(1);
    w.out->push({.text = "a", .tokens = {}, .ended = {}});
    w.io.settle();
    w.frames.take_over(ids.generation, 2);
    w.out->push({.text = "b", .tokens = {}, .ended = {}});
    REQUIRE(w.io.until([&] { return w.out->superseded(); }));
    const auto calls = w.frames.use.calls();
    w.out->push({.text = "c", .tokens = {}, .ended = {}});
    w.settle();
    CHECK(w.frames.use.calls() == calls);
    CHECK(w.frames.shown() == "a");
    CHECK(w.out->text() == "abc");
}

TEST_CASE("a new epoch is sent before its first piece, and a frame in flight of the old one is ignored") {
    writing w;
    w.out->begin(1);
    w.out->push({.text = "old", .tokens = {}, .ended = {}});
    w.io.settle();
    w.frames.use.hold();
    w.out->push({.text = " text", .tokens = {}, .ended = {}});
    REQUIRE(w.io.until([&] { return w.frames.use.held() == 1; }));
    w.out->begin(2);
    w.out->push({.text = "new", .tokens = {}, .ended = {}});
    w.frames.use.release();
    REQUIRE(w.io.until([&] { return w.frames.shown() == "new"; }));
    const auto& frames = w.frames.frames;
    CHECK(w.frames.types() ==
          types{frame_type::start, frame_type::delta, frame_type::delta, frame_type::restart, frame_type::delta});
    CHECK(frames[3].at == position{2, 0});
    CHECK(frames[4].at == position{2, 1});
    CHECK(w.out->text() == "new");
}

TEST_CASE("a worker that takes over a generation begins with a restart") {
    writing w;
    w.out->begin(3);
    w.io.settle();
    CHECK(w.frames.types() == types{frame_type::restart});
    CHECK(w.frames.frames[0].at == position{3, 0});
}

TEST_CASE("settle waits for the frame in flight and sends no other") {
    writing w;
    w.out->begin(1);
    w.out->push({.text = "a", .tokens = {}, .ended = {}});
    w.io.settle();
    w.frames.use.hold();
    w.out->push({.text = "b", .tokens = {}, .ended = {}});
    REQUIRE(w.io.until([&] { return w.frames.use.held() == 1; }));
    w.out->push({.text = "c", .tokens = {}, .ended = {}});
    bool settled = false;
    w.io.start(writing::settled(w.out), settled);
    w.io.settle();
    CHECK_FALSE(settled);
    w.frames.use.release();
    REQUIRE(w.io.until([&] { return settled; }));
    const auto later = std::chrono::steady_clock::now() + milliseconds{60};
    REQUIRE(w.io.until([&] { return std::chrono::steady_clock::now() > later; }));
    CHECK(w.frames.frames.size() == 3);
    CHECK(w.out->next_offset() == 3);
    CHECK(w.out->text() == "abc");
}

TEST_CASE("shown() is the text up to the last frame that was written") {
    writing w;
    w.out->begin(1);
    w.out->push({.text = "a", .tokens = {}, .ended = {}});
    w.io.settle();
    w.frames.use.hold();
    w.out->push({.text = "b", .tokens = {}, .ended = {}});
    REQUIRE(w.io.until([&] { return w.frames.use.held() == 1; }));
    CHECK(w.out->shown() == "a");
    CHECK(w.out->shown_offset() == 1);
    w.frames.use.release();
    REQUIRE(w.io.until([&] { return w.out->shown() == "ab"; }));
    CHECK(w.out->shown_offset() == 2);
}

TEST_CASE("AIRI-26: the parts of calls are sent as they come, and a restart discards them") {
    writing w;
    w.out->begin(1);
    w.out->set_model("gpt-mini");
    w.out->push({.text = {}, .calls = {{0, "call_a", "weather", "{\"to"}}, .tokens = {}, .ended = {}});
    w.written(2);
    w.out->push(
        {.text = {}, .calls = {{0, "", "", "wn\":1}"}, {1, "call_b", "time", "{}"}}, .tokens = {}, .ended = {}});
    w.written(3);
    CHECK(w.frames.frames[1].more == R"("content":"","tool_calls":[{"index":0,"id":"call_a","type":"function",)"
                                     R"("function":{"name":"weather","arguments":"{\"to"}}],"model":"gpt-mini")");
    CHECK(w.frames.frames[2].more == R"("content":"","tool_calls":[{"index":0,"function":{"arguments":"wn\":1}"}},)"
                                     R"({"index":1,"id":"call_b","type":"function","function":{"name":"time",)"
                                     R"("arguments":"{}"}}])");
    REQUIRE(w.out->calls().size() == 2);
    CHECK(w.out->calls()[0].arguments == "{\"town\":1}");
    w.out->begin(2);
    CHECK(w.out->empty());
    w.settle();
}

TEST_CASE("logprobs travel with the text that they are of") {
    writing w;
    w.out->begin(1);
    w.out->push({.text = "a", .logprobs = R"({"token":"a"})", .tokens = {}, .ended = {}});
    w.written(2);
    w.out->push({.text = "b", .logprobs = R"({"token":"b"})", .tokens = {}, .ended = {}});
    w.written(3);
    CHECK(w.frames.frames[1].more == R"("content":"a","logprobs":[{"token":"a"}])");
    CHECK(w.frames.frames[2].more == R"("content":"b","logprobs":[{"token":"b"}])");
    CHECK(w.out->logprobs() == R"({"token":"a"},{"token":"b"})");
    w.settle();
}

TEST_CASE("logprobs and parts of calls are held back with the text that may become a term") {
    writing w;
    w.out = std::make_shared<deltas>(
        w.frames, ids, w.io.on(), [] { return std::size_t{1}; },
        std::make_shared<const safety::blocked_terms>(
            R"([{"term": "kill you", "category": "violence", "action": "block"}])"));
    w.out->begin(1);
    w.out->push({.text = "We", .logprobs = R"({"token":"We"})", .tokens = {}, .ended = {}});
    w.written(2);
    w.out->push({.text = " kill", .logprobs = R"({"token":" kill"})", .tokens = {}, .ended = {}});
    w.out->push({.text = {}, .calls = {{0, "a", "say", R"({"t":"ki)"}}, .tokens = {}, .ended = {}});
    w.io.settle();
    CHECK(w.frames.frames.size() == 2);
    w.out->push({.text = " time", .logprobs = R"({"token":" time"})", .tokens = {}, .ended = {}});
    w.written(3);
    CHECK(w.frames.frames[2].more == R"("content":" kill time","logprobs":[{"token":" kill"},{"token":" time"}])");
    w.out->push({.text = {}, .calls = {{0, "", "", R"(ng"})"}}, .tokens = {}, .ended = {}});
    w.written(4);
    CHECK(w.frames.frames[3].more.find(R"("arguments":"{\"t\":\"king\"}")") != std::string::npos);
    w.out->push({.text = ", kill you", .logprobs = R"({"token":"x"})", .tokens = {}, .ended = {}});
    w.out->finish();
    CHECK(w.out->rejected());
    CHECK(w.out->text() == "We kill time");
    CHECK(w.out->withheld().starts_with(", kill you"));
    CHECK(w.out->logprobs() == R"({"token":"We"},{"token":" kill"},{"token":" time"})");
    REQUIRE(w.out->calls().size() == 1);
    CHECK(w.out->calls()[0].arguments == R"({"t":"king"})");
    w.settle();
}
