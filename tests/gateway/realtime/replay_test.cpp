#include "gateway/realtime/replay.hpp"

#include <doctest/doctest.h>

#include "gateway/realtime/attached_generation.hpp"
#include "tests/gateway/messaging/generation_reader.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using gateway::attached_generation;
using gateway::decide;
using gateway::entry;
using gateway::replayed;
using kind = replayed::kind;
using seen = std::optional<position>;

const auto ids = some_generation();
entry start(std::int64_t epoch) {
    return entry_of(ids, {epoch, 0}, epoch == 1 ? frame_type::start : frame_type::restart);
}
entry delta(std::int64_t epoch, std::int64_t offset, std::string_view text) {
    return entry_of(ids, {epoch, offset}, frame_type::delta, text);
}
entry snapshot(std::int64_t epoch, std::int64_t offset, std::string_view text) {
    return entry_of(ids, {epoch, offset}, frame_type::snapshot, text);
}
entry complete(std::int64_t epoch, std::int64_t offset) { return entry_of(ids, {epoch, offset}, frame_type::complete); }

// One epoch of six frames.
std::vector<entry> six() {
    return {start(1), delta(1, 1, "a"), delta(1, 2, "b"), delta(1, 3, "c"), delta(1, 4, "d"), complete(1, 5)};
}
std::vector<entry> two_epochs() {
    return {start(1), delta(1, 1, "x"), delta(1, 2, "y"), start(2), delta(2, 1, "a"), complete(2, 2)};
}
std::vector<entry> part(const std::vector<entry>& of, std::size_t from, std::size_t to) {
    return {of.begin() + static_cast<std::ptrdiff_t>(from), of.begin() + static_cast<std::ptrdiff_t>(to)};
}
std::vector<position> positions(const replayed& of) {
    std::vector<position> out;
    for (const auto& each : of.frames) out.push_back(each.at);
    return out;
}
using at = std::vector<position>;

// A reader that saw the first `seen_count` frames before it left, and joins, reads and receives in a given order.
struct coming_back {
    std::vector<entry> stream;
    reader client;
    attached_generation order{};

    coming_back(std::vector<entry> of, std::size_t seen_count) : stream(std::move(of)) {
        for (std::size_t i = 0; i < seen_count; ++i) client.read(*stream[i].frame);
        order = attached_generation(seen_count == 0 ? seen() : seen(stream[seen_count - 1].at));
    }
    void live(std::size_t i) {
        const events::published published{true, ids.generation, stream[i].at, stream[i].type, *stream[i].frame};
        if (order.receive({published, stream[i].frame}) == attached_generation::verdict::send)
            client.read(*stream[i].frame);
    }
    void release(replayed history) {
        for (const auto& each : order.release(std::move(history))) client.read(*each.frame);
    }
};

// Every order of: the reader joins when `joined` frames are written, reads when `read` are, and has received those
// before `received` live by the time the answer reaches it.
template <class Check>
void every_order(const std::vector<entry>& stream, const Check& check) {
    for (std::size_t had = 0; had <= stream.size(); ++had)
        for (auto joined = had; joined <= stream.size(); ++joined)
            for (auto read = joined; read <= stream.size(); ++read)
                for (auto received = joined; received <= stream.size(); ++received) check(had, joined, read, received);
}

}  // namespace

TEST_CASE("the frames right after the last seen one recover the reader") {
    const auto got = decide(six(), position{1, 2});
    CHECK(got.recovered());
    CHECK(positions(got) == at{{1, 3}, {1, 4}, {1, 5}});
    CHECK(got.ended);
    CHECK(decide(part(six(), 3, 6), position{1, 2}).recovered());
}

TEST_CASE("a reader that has everything recovers with nothing") {
    const auto got = decide(part(six(), 0, 3), position{1, 2});
    CHECK(got.recovered());
    CHECK(got.frames.empty());
    CHECK_FALSE(got.ended);
    CHECK(decide(six(), position{1, 5}).ended);
}

TEST_CASE("a reader that has nothing gets the newest epoch from its beginning") {
    CHECK(positions(decide(part(six(), 0, 3), {})) == at{{1, 0}, {1, 1}, {1, 2}});
    const auto got = decide(two_epochs(), {});
    CHECK(got.recovered());
    CHECK(positions(got) == at{{2, 0}, {2, 1}, {2, 2}});
}

TEST_CASE("when a later epoch has begun its restart is next, and the tail of the earlier one is left out") {
    for (std::int64_t offset = 0; offset < 3; ++offset) {
        const auto got = decide(two_epochs(), position{1, offset});
        CHECK(got.recovered());
        CHECK(positions(got) == at{{2, 0}, {2, 1}, {2, 2}});
    }
}

TEST_CASE("a gap after the last seen frame gives the whole text as a snapshot, then the end") {
    const std::vector<entry> left{snapshot(1, 7, "Hello "), delta(1, 8, "wor"), delta(1, 9, "ld\n"), complete(1, 10)};
    const auto got = decide(left, position{1, 3});
    REQUIRE(got.is == kind::snapshot);
    CHECK(got.content == "Hello world\n");
    CHECK(positions(got) == at{{1, 9}, {1, 10}});
    CHECK(*got.frames[0].frame ==
          events::frame(frame_type::snapshot, ids, {1, 9}, events::content_member("Hello world\n")));
    CHECK(decide(left, position{1, 6}).recovered());
}

TEST_CASE("an epoch whose restart was never written is a snapshot to readers of an earlier one") {
    const auto got = decide({start(1), delta(1, 1, "x"), snapshot(2, 1, "new"), delta(2, 2, "er")}, position{1, 1});
    CHECK(got.is == kind::snapshot);
    CHECK(got.content == "newer");
    CHECK(positions(got) == at{{2, 2}});
}

TEST_CASE("an offset that the writer left out before a snapshot or an end breaks nothing") {
    const std::vector<entry> left{start(1), delta(1, 1, "a"), snapshot(1, 3, "ab"), delta(1, 4, "c"), complete(1, 6)};
    CHECK(positions(decide(left, position{1, 1})) == at{{1, 3}, {1, 4}, {1, 6}});
    CHECK(decide(left, position{1, 1}).recovered());
    CHECK(decide(left, position{1, 2}).recovered());
    CHECK(decide(left, {}).recovered());
}

TEST_CASE("a delta is never appended to a text with a gap") {
    const std::vector<entry> holed{start(1), delta(1, 1, "a"), delta(1, 3, "c")};
    CHECK(decide(holed, position{1, 0}).is == kind::gone);
    CHECK(decide(holed, {}).is == kind::gone);
    const auto later = decide({start(1), delta(1, 1, "a"), delta(1, 3, "c"), snapshot(1, 4, "abcd")}, position{1, 0});
    CHECK(later.is == kind::snapshot);
    CHECK(later.content == "abcd");
    CHECK(decide({delta(1, 4, "d"), delta(1, 5, "e")}, position{1, 1}).is == kind::gone);
}

TEST_CASE("an end that is left alone replaces everything") {
    const auto got = decide({complete(1, 9)}, position{1, 3});
    CHECK(got.is == kind::snapshot);
    CHECK(positions(got) == at{{1, 9}});
    CHECK(positions(decide({complete(1, 9)}, {})) == at{{1, 9}});
}

TEST_CASE("a position that the stream never had gets a snapshot") {
    for (const auto wrong : {position{1, 99}, position{7, 0}}) {
        const auto got = decide(part(six(), 0, 4), wrong);
        CHECK(got.is == kind::snapshot);
        CHECK(got.content == "abc");
        CHECK(positions(got) == at{{1, 3}});
    }
}

TEST_CASE("no stream is gone") {
    CHECK(decide({}, {}).is == kind::gone);
    CHECK(decide({}, position{1, 1}).is == kind::gone);
}

TEST_CASE("the type is read from every frame as it is written") {
    for (int i = 0; i < 9; ++i) {
        const auto type = static_cast<frame_type>(i);
        CHECK(gateway::type_of(events::frame(type, ids, {1, 2}, "")) == type);
    }
    CHECK_FALSE(gateway::type_of("{}"));
    CHECK_FALSE(gateway::type_of(R"({"type":"message_del)"));
}

TEST_CASE("whatever the order of live frames and replay, each frame is read once and in order") {
    int orders = 0;
    every_order(six(), [&](std::size_t had, std::size_t joined, std::size_t read, std::size_t received) {
        coming_back one(six(), had);
        for (auto i = joined; i < received; ++i) one.live(i);
        const auto from = one.order.last();
        auto history = decide(part(one.stream, 0, read), from);
        // An empty stream is one that has not begun; a reader that asks Postgres learns that nothing is missing.
        if (read > 0) REQUIRE(history.recovered());
        one.release(std::move(history));
        for (auto i = received; i < 6; ++i) one.live(i);
        CHECK(one.client.positions == at{{1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}});
        CHECK(one.client.text == "abcd");
        CHECK(one.order.ended());
        ++orders;
    });
    CHECK(orders == 336);
}

TEST_CASE("whatever the order, a restart in between leaves the text of the last epoch") {
    every_order(two_epochs(), [&](std::size_t had, std::size_t joined, std::size_t read, std::size_t received) {
        coming_back one(two_epochs(), had);
        for (auto i = joined; i < received; ++i) one.live(i);
        one.release(decide(part(one.stream, 0, read), one.order.last()));
        for (auto i = received; i < 6; ++i) one.live(i);
        CHECK(one.client.each_once_in_order());
        CHECK(one.client.text == "a");
        CHECK(one.client.ended);
        // Every frame of the last epoch, whatever was left out of the first.
        REQUIRE(one.client.positions.size() >= 3);
        CHECK(at(one.client.positions.end() - 3, one.client.positions.end()) == at{{2, 0}, {2, 1}, {2, 2}});
    });
}

TEST_CASE("whatever the order, a stream lost half way leaves the whole text after the next snapshot") {
    const std::vector<entry> all{
        start(1), delta(1, 1, "a"), delta(1, 2, "b"), snapshot(1, 3, "abc"), delta(1, 4, "d"), complete(1, 5)};
    every_order(all, [&](std::size_t had, std::size_t joined, std::size_t read, std::size_t received) {
        coming_back one(all, had);
        for (auto i = joined; i < received; ++i) one.live(i);
        // The first three entries are not in the stream any more.
        one.release(decide(read > 3 ? part(all, 3, read) : std::vector<entry>{}, one.order.last()));
        for (auto i = received; i < 6; ++i) one.live(i);
        CHECK(one.client.each_once_in_order());
        CHECK(one.client.text == "abcd");
        CHECK(one.client.ended);
    });
}

TEST_CASE("a reader that was subscribed from the beginning holds nothing back") {
    coming_back one(six(), 0);
    one.release(replayed::nothing_missed());
    for (std::size_t i = 0; i < 6; ++i) {
        one.live(i);
        one.live(i);
        one.live(0);
    }
    CHECK(one.client.positions.size() == 6);
    CHECK(one.client.text == "abcd");
}

TEST_CASE("a snapshot before a position that never existed corrects the reader") {
    coming_back one(six(), 0);
    one.order = attached_generation(position{1, 99});
    one.release(decide(part(six(), 0, 3), one.order.last()));
    for (std::size_t i = 3; i < 6; ++i) one.live(i);
    CHECK(one.client.positions == at{{1, 2}, {1, 3}, {1, 4}, {1, 5}});
    CHECK(one.client.text == "abcd");
}
