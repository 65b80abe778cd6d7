#include "gateway/messaging/stream_follower.hpp"

#include <doctest/doctest.h>

#include "tests/gateway/messaging/generation_reader.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using gateway::entry;
using gateway::generation_status;
using gateway::replayed;
using clock = gateway::stream_follower::clock;
using verdict = gateway::stream_follower::verdict;
using positions = std::vector<position>;

// One generation and a client that reads what its follower sends.
struct followed {
    gateway::stream_follower& follower;
    events::generation_ids ids = some_generation();
    reader client{};

    void live(position at, frame_type type, std::string_view text = {}) {
        const auto one = entry_of(ids, at, type, text);
        const events::published published{true, ids.generation, one.at, one.type, *one.frame};
        if (follower.receive({published, one.frame}) == verdict::send) client.read(*one.frame);
    }
    void start() { live({1, 0}, frame_type::start); }
    void delta(std::int64_t offset, std::string_view text) { live({1, offset}, frame_type::delta, text); }
    void complete(std::int64_t offset) { live({1, offset}, frame_type::complete); }

    void read(const std::vector<entry>& frames) {
        for (const auto& one : frames) client.read(*one.frame);
    }
    // The stream from `start` on: message_start, then deltas "a", "b", … and perhaps the end.
    replayed history(std::int64_t start, std::int64_t last, bool ended = false) const {
        replayed out{replayed::kind::recovered, {}, {}, ended};
        for (auto i = start; i <= last; ++i) {
            const bool end = ended && i == last;
            const auto text = std::string(1, static_cast<char>('a' + i - 1));
            out.frames.push_back(i == 0 ? entry_of(ids, {1, 0}, frame_type::start)
                                 : end  ? entry_of(ids, {1, i}, frame_type::complete)
                                        : entry_of(ids, {1, i}, frame_type::delta, text));
        }
        return out;
    }
    generation_status running(position at, std::string checkpoint) const {
        return {.ids = ids, .state = "running", .at = at, .checkpoint = std::move(checkpoint), .end = std::nullopt};
    }
    generation_status completed(position at) const {
        return {.ids = ids,
            .state = "completed",
            .at = at,
            .checkpoint = {},
            .end = events::end_frame("completed", "", R"({"content":"all"})")};
    }
};

positions offsets(std::int64_t first, std::int64_t last) {
    positions out;
    for (auto i = first; i <= last; ++i) out.push_back({1, i});
    return out;
}

}  // namespace

TEST_CASE("frames of a sent message are held back until it is accepted, then go out as they come") {
    gateway::stream_follower follower;
    followed one{follower};
    REQUIRE(follower.follow(one.ids.generation));
    one.start();
    one.delta(1, "a");
    CHECK(one.client.positions.empty());
    one.read(follower.release_new(one.ids.generation).frames);
    one.delta(2, "b");
    one.complete(3);
    CHECK(one.client.positions == offsets(0, 3));
    CHECK(one.client.text == "ab");
    CHECK(follower.empty());
}

TEST_CASE("a message sent again while its reply is followed leaves the reply as it is") {
    gateway::stream_follower follower;
    followed one{follower};
    REQUIRE(follower.follow(one.ids.generation));
    one.read(follower.release_new(one.ids.generation).frames);
    one.start();
    CHECK_FALSE(follower.follow(one.ids.generation));
    one.delta(1, "a");
    CHECK(one.client.positions == offsets(0, 1));
}

TEST_CASE("a new message whose reply another request has begun is behind until its stream is read") {
    for (const bool held : {true, false}) {
        CAPTURE(held);
        gateway::stream_follower follower;
        followed one{follower};
        const auto& id = one.ids.generation;
        REQUIRE(follower.follow(id));
        const auto next = [&](std::int64_t offset, std::string_view text) {
            const auto delta = entry_of(one.ids, {1, offset}, frame_type::delta, text);
            return follower.receive({{true, id, delta.at, delta.type, *delta.frame}, delta.frame});
        };
        if (held) CHECK(next(2, "b") == verdict::withhold);
        auto begun = follower.release_new(id);
        CHECK(begun.frames.empty());
        CHECK(begun.behind == held);
        if (!held) CHECK(next(2, "b") == verdict::behind);
        CHECK(next(3, "c") == verdict::withhold);
        one.read(follower.release(id, one.history(0, 2)));
        one.delta(4, "d");
        one.complete(5);
        CHECK(one.client.positions == offsets(0, 5));
        CHECK(one.client.text == "abcd");
    }
}

TEST_CASE("a message that could not be published is not followed") {
    gateway::stream_follower follower;
    followed one{follower};
    REQUIRE(follower.follow(one.ids.generation));
    follower.unfollow(one.ids.generation);
    CHECK_FALSE(follower.follows(one.ids.generation));
    CHECK(follower.release_new(one.ids.generation).frames.empty());
}

TEST_CASE("a resumed generation is sent from the seen position on, each frame once and in order") {
    for (std::int64_t read = 2; read <= 5; ++read)
        for (std::int64_t joined = 2; joined <= read; ++joined)
            for (auto received = joined; received <= 5; ++received) {
                gateway::stream_follower follower;
                followed one{follower};
                one.client.text = "a";
                const auto start = follower.resume(one.ids.generation, position{1, 1});
                CHECK(start.seen == position{1, 1});
                const auto live = [&](std::int64_t i) {
                    i == 5 ? one.complete(i) : one.delta(i, std::string(1, static_cast<char>('a' + i - 1)));
                };
                for (auto i = joined; i <= received; ++i) live(i);
                one.read(follower.release(one.ids.generation, one.history(2, read, read == 5)));
                for (auto i = received + 1; i <= 5; ++i) live(i);
                CHECK(one.client.positions == offsets(2, 5));
                CHECK(one.client.text == "abcd");
                CHECK(follower.empty());
            }
}

TEST_CASE("frames of an ended generation are not sent again") {
    gateway::stream_follower follower;
    followed one{follower};
    REQUIRE(follower.follow(one.ids.generation));
    one.read(follower.release_new(one.ids.generation).frames);
    one.start();
    one.complete(1);
    one.complete(1);
    one.live({2, 0}, frame_type::restart);
    CHECK(one.client.positions == offsets(0, 1));
}

TEST_CASE("an ended generation can be resumed") {
    gateway::stream_follower follower;
    followed one{follower};
    one.start();
    REQUIRE(follower.follow(one.ids.generation));
    one.read(follower.release(one.ids.generation, one.history(0, 2, true)));
    REQUIRE(follower.empty());
    CHECK(follower.resume(one.ids.generation, position{1, 0}).seen == position{1, 0});
    one.read(follower.release(one.ids.generation, one.history(1, 2, true)));
    CHECK(one.client.positions.back() == position{1, 2});
    CHECK(follower.empty());
}

TEST_CASE("a generation that was not requested is sent from a frame on that needs none before it") {
    gateway::stream_follower follower;
    followed one{follower};
    one.delta(3, "c");
    CHECK(one.client.positions.empty());
    one.live({1, 4}, frame_type::snapshot, "abc");
    one.delta(5, "d");
    one.delta(5, "d");
    CHECK(one.client.positions == offsets(4, 5));
    CHECK(one.client.text == "abcd");
    CHECK(follower.empty());
    CHECK(follower.silent(clock::now() + std::chrono::hours{1}, std::chrono::seconds{3}).empty());
    one.complete(6);
    one.complete(6);
    CHECK(one.client.positions == offsets(4, 6));
}

TEST_CASE("frames sent while a resumption is under way count as seen") {
    gateway::stream_follower follower;
    followed one{follower};
    one.live({1, 4}, frame_type::snapshot, "abcd");
    CHECK(follower.resume(one.ids.generation, position{1, 1}).seen == position{1, 4});
    one.delta(5, "e");
    one.read(follower.release(one.ids.generation, one.history(5, 5)));
    CHECK(one.client.positions == offsets(4, 5));
    CHECK(one.client.text == "abcde");
}

TEST_CASE("a resumption after the end has been sent follows nothing") {
    gateway::stream_follower follower;
    followed one{follower};
    one.complete(6);
    CHECK(follower.resume(one.ids.generation, position{1, 1}).ended);
    CHECK(follower.empty());
    one.complete(6);
    CHECK(one.client.positions == offsets(6, 6));
}

TEST_CASE("many generations that were not requested do not evict the followed one") {
    gateway::stream_follower follower;
    followed one{follower};
    REQUIRE(follower.follow(one.ids.generation));
    one.read(follower.release_new(one.ids.generation).frames);
    for (int i = 0; i < 1000; ++i) followed{follower}.start();
    one.start();
    one.delta(1, "a");
    CHECK(one.client.text == "a");
}

TEST_CASE("the checkpoint replaces a stream that is gone, and deltas wait for a frame that needs none before it") {
    gateway::stream_follower follower;
    followed one{follower};
    (void)follower.resume(one.ids.generation, position{1, 1});
    one.delta(7, "g");
    one.read(follower.release(one.running({1, 4}, "abcd")));
    CHECK(one.client.text == "abcd");
    one.delta(8, "h");
    CHECK(one.client.positions == offsets(4, 4));
    one.live({1, 9}, frame_type::snapshot, "abcdefghi");
    one.delta(10, "j");
    CHECK(one.client.text == "abcdefghij");
    CHECK(one.client.each_once_in_order());
}

TEST_CASE("the end that Postgres has replaces a stream that is gone, and nothing follows") {
    gateway::stream_follower follower;
    followed one{follower};
    (void)follower.resume(one.ids.generation, position{1, 1});
    one.delta(7, "g");
    one.read(follower.release(one.completed({1, 8})));
    one.complete(8);
    CHECK(one.client.positions == offsets(8, 8));
    CHECK(follower.empty());
}

TEST_CASE("a silent generation is ended by Postgres, and a late end frame is not sent again") {
    gateway::stream_follower follower;
    followed one{follower}, other{follower};
    for (auto* each : {&one, &other}) {
        REQUIRE(follower.follow(each->ids.generation));
        each->read(follower.release_new(each->ids.generation).frames);
        each->start();
    }
    const auto limit = std::chrono::seconds{3};
    CHECK(follower.silent(clock::now(), limit).empty());
    CHECK(follower.silent(clock::now() + limit, limit).size() == 2);
    CHECK_FALSE(follower.end(one.running({1, 3}, "abc")));
    const auto end = follower.end(one.completed({1, 4}));
    REQUIRE(end);
    one.read({*end});
    CHECK_FALSE(follower.end(one.completed({1, 4})));
    one.complete(4);
    CHECK(one.client.positions == positions{{1, 0}, {1, 4}});
    CHECK(follower.silent(clock::now() + limit, limit) == std::vector{other.ids.generation});
}
