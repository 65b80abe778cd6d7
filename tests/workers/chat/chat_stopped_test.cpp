// Generations that are stopped: by their user, by another worker, by a drain.
#include "tests/workers/chat/chat_fixture.hpp"

using namespace airi;
using namespace airi::test;
using airi::workers::errc;
using events::frame_type;

TEST_CASE("a reply cancelled midway is stored with its text and billed at once") {
    chat_fixture h;
    h.openai.calls = {hangs_after({"Once", " upon"})};
    auto out = h.begin();
    h.shown("Once upon");
    h.live.cancel(h.event.generation);
    REQUIRE(h.io.until([&] { return out->done; }));
    CHECK(h.open_streams() == 0);
    REQUIRE(*out->effects);
    REQUIRE(h.io.run(workers::apply_effects(**out->effects, {h.database, h.producer, h.frames})));
    CHECK(h.row.state == "cancelled");
    CHECK(parameter(h.finish(), "content") == "Once upon");
    CHECK(std::stoll(parameter(h.finish(), "cost")) > 0);
    CHECK(h.calls().at(0).starts_with("openai/cancelled/"));
    CHECK(h.frames.frames.back().type == frame_type::cancelled);
    CHECK(h.frames.shown() == "Once upon");
    CHECK(
        events::decode<events::usage_recorded>(h.producer.to("usage.recorded.v1").at(0).value)->outcome == "cancelled");
    CHECK(h.anthropic.asked.empty());
}

TEST_CASE("a cancellation that only Postgres has is found by the heartbeat") {
    chat_fixture h;
    h.openai.calls = {hangs_after({"Once"})};
    auto out = h.begin();
    h.shown("Once");
    h.row.cancelled = true;
    REQUIRE(h.io.until([&] { return out->done; }));
    REQUIRE(h.io.run(workers::apply_effects(**out->effects, {h.database, h.producer, h.frames})));
    CHECK(h.row.state == "cancelled");
}

TEST_CASE("a generation cancelled before it is claimed costs nothing") {
    chat_fixture h;
    h.row.cancelled = true;
    h.openai.calls = {says({"Hello"})};
    h.answer_whole();
    CHECK(h.openai.asked.empty());
    CHECK(h.row.state == "cancelled");
    CHECK(parameter(h.finish(), "cost") == "0");
    CHECK(h.frames.frames.back().type == frame_type::cancelled);
}

TEST_CASE("a cancellation between two calls stores the text that clients have seen") {
    chat_fixture h;
    h.openai.calls = {breaks_after({"Once upon"})};
    h.row.providers = R"(["openai"])";
    auto out = h.begin();
    h.shown("Once upon");
    REQUIRE(h.io.until([&] { return h.open_streams() == 0; }));
    h.live.cancel(h.event.generation);
    REQUIRE(h.io.until([&] { return out->done; }));
    REQUIRE(h.io.run(workers::apply_effects(**out->effects, {h.database, h.producer, h.frames})));
    CHECK(h.row.state == "cancelled");
    CHECK(parameter(h.finish(), "content") == "Once upon");
    CHECK(std::stoll(parameter(h.finish(), "cost")) > 0);
    CHECK(parameter(h.finish(), "provider") == "openai");
}

TEST_CASE("a cancellation during a restart prevents the next call") {
    chat_fixture h;
    h.ports.options.times.heartbeat = std::chrono::seconds{60};
    h.openai.calls = {breaks_after({"Once"})};
    h.anthropic.calls = {says({"Hello"})};
    auto out = h.begin();
    h.shown("Once");
    h.database.use.hold();
    REQUIRE(h.io.until([&] { return h.database.use.held() == 1; }));
    h.live.cancel(h.event.generation);
    h.database.use.release();
    REQUIRE(h.io.until([&] { return out->done; }));
    REQUIRE(h.io.run(workers::apply_effects(**out->effects, {h.database, h.producer, h.frames})));
    CHECK(h.anthropic.asked.empty());
    CHECK(h.row.state == "cancelled");
    CHECK(parameter(h.finish(), "epoch") == "2");
    CHECK(h.frames.frames.back().at.epoch == 2);
    CHECK(parameter(h.finish(), "content").empty());
    CHECK(h.frames.shown().empty());
}

TEST_CASE("a restart outlasts a busy database without another claim") {
    chat_fixture h;
    h.openai.calls = {breaks_after({"Once"})};
    h.anthropic.calls = {says({"Hello"})};
    int busy = 3;
    h.database.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        if (asked.statement->name == "generations.restart" && busy-- > 0) return postgres::errc::busy;
        return h.row.answer(asked);
    };
    h.answer_whole();
    CHECK(h.row.state == "completed");
    CHECK(h.row.attempts == 1);
    CHECK(parameter(h.finish(), "content") == "Hello");
    CHECK(h.anthropic.asked.size() == 1);
}

TEST_CASE("a drain ends a restart that waits for the database, and stores what its calls have cost") {
    chat_fixture h;
    h.ports.options.times.heartbeat = std::chrono::seconds{60};
    h.openai.calls = {breaks_after({"Once"})};
    int asked_to_restart = 0;
    h.database.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        if (asked.statement->name != "generations.restart") return h.row.answer(asked);
        ++asked_to_restart;
        return postgres::errc::busy;
    };
    auto out = h.begin();
    REQUIRE(h.io.until([&] { return asked_to_restart > 1; }));
    h.live.drain();
    REQUIRE(h.io.until([&] { return out->done; }));
    CHECK(out->effects->error() == errc::leased);
    CHECK(h.database.all("generations.calls").size() == 1);
    CHECK(h.database.all("generations.release").size() == 1);
}

TEST_CASE("a worker that lost its lease closes the provider's stream at once and ends no generation") {
    chat_fixture h;
    h.openai.calls = {hangs_after({"Once"})};
    auto out = h.begin();
    h.shown("Once");
    h.row.lost = true;
    REQUIRE(h.io.until([&] { return out->done; }));
    CHECK(h.open_streams() == 0);
    CHECK(out->effects->error() == errc::leased);
    CHECK(h.database.all("generations.finish").empty());
    CHECK(h.database.all("generations.release").empty());
    CHECK(h.producer.sent.empty());
    CHECK(h.anthropic.asked.empty());
}

TEST_CASE("a later epoch in the stream stops the worker even while the heartbeat succeeds") {
    chat_fixture h;
    h.openai.calls = {hangs_after({"Once", " upon"})};
    h.openai.pace.hold();
    auto out = h.begin();
    REQUIRE(h.io.until([&] { return h.openai.pace.held() == 1; }));
    h.openai.pace.release_one();
    h.shown("Once");
    h.frames.take_over(h.event.generation, 2);
    h.openai.pace.release();
    REQUIRE(h.io.until([&] { return out->done; }));
    CHECK(out->effects->error() == errc::leased);
    CHECK(h.frames.shown() == "Once");
    CHECK(h.open_streams() == 0);
}

TEST_CASE("a draining worker releases the lease, and the next claim begins a new epoch") {
    chat_fixture h;
    h.openai.calls = {hangs_after({"Once"})};
    auto out = h.begin();
    h.shown("Once");
    h.live.drain();
    REQUIRE(h.io.until([&] { return out->done; }));
    CHECK(out->effects->error() == errc::leased);
    CHECK(h.open_streams() == 0);
    REQUIRE(h.database.all("generations.release").size() == 1);
    CHECK(parameter(h.database.all("generations.release")[0], "epoch") == "1");
    CHECK(h.live.size() == 0);

    h.openai.calls = {says({"Hello"})};
    h.answer_whole();
    CHECK(h.row.epoch == 2);
    CHECK(h.frames.shown() == "Hello");
    CHECK(parameter(h.finish(), "content") == "Hello");
}

TEST_CASE("the heartbeat stores what clients have seen and its offset") {
    chat_fixture h;
    h.openai.calls = {hangs_after({"Once"})};
    auto out = h.begin();
    h.shown("Once");
    REQUIRE(h.io.until([&] {
        const auto beats = h.database.all("generations.heartbeat");
        return !beats.empty() && parameter(beats.back(), "text") == "Once";
    }));
    CHECK(parameter(h.database.all("generations.heartbeat").back(), "offset") == "1");
    CHECK(parameter(h.database.all("generations.heartbeat").back(), "epoch") == "1");
    h.live.cancel(h.event.generation);
    REQUIRE(h.io.until([&] { return out->done; }));
}

TEST_CASE("an outage of the database does not end a reply") {
    chat_fixture h;
    h.openai.calls = {hangs_after({"Once"})};
    auto out = h.begin();
    h.shown("Once");
    const auto calls = h.database.use.calls();
    h.database.use.fail_next(5, postgres::errc::unavailable);
    REQUIRE(h.io.until([&] { return h.database.use.calls() > calls + 6; }));
    CHECK_FALSE(out->done);
    CHECK(h.open_streams() == 1);
    h.live.cancel(h.event.generation);
    REQUIRE(h.io.until([&] { return out->done; }));
}

TEST_CASE("a reply is made and stored without Redis") {
    chat_fixture h;
    h.frames.use.fail_always(make_error_code(boost::system::errc::not_connected));
    h.openai.calls = {says({"I am", " well."})};
    h.answer_whole();
    CHECK(h.row.state == "completed");
    CHECK(parameter(h.finish(), "content") == "I am well.");
    CHECK(h.frames.frames.empty());
    CHECK(h.producer.to("chat.finished.v1").size() == 1);
}
