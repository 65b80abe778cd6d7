// The hub under random loss, and how fast it is.
#include <random>

#include "tests/gateway/realtime/hub_fixture.hpp"

using namespace airi;
using namespace airi::test;

TEST_CASE("a listener ends with the text that was written, whatever was lost on the way") {
    for (unsigned seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto one_in = [&](unsigned n) { return random() % n == 0; };
        hub_fixture in;
        const auto a = in.join();
        std::string text;
        position at{1, 0};
        bool away = false;
        in.begin();
        for (int step = 0; step < 60; ++step) {
            ++at.offset;
            if (one_in(25)) {
                at = {at.epoch + 1, 0};
                text.clear();
                in.write(at, frame_type::restart, {}, !one_in(4));
                continue;
            }
            const auto piece = std::to_string(step) + " ";
            text += piece;
            if (!in.write(at, frame_type::delta, piece, !one_in(4)))
                REQUIRE(in.write(at, frame_type::snapshot, text, !one_in(4)));
            if (one_in(20)) in.redis.flush();
            if (one_in(6)) in.redis.cork();
            if (one_in(3)) in.redis.uncork();
            if (one_in(8)) (away = !away) ? in.redis.go_away() : in.redis.come_back();
            if (one_in(2)) in.settle();
            REQUIRE(a->of.each_once_in_order());
        }
        in.redis.uncork();
        if (away) in.redis.come_back();
        // The last frame reaches the hub: with a delta while the stream exists, with a snapshot otherwise.
        ++at.offset;
        text += "end";
        if (!in.write(at, frame_type::delta, "end")) REQUIRE(in.write(at, frame_type::snapshot, text));
        REQUIRE(until(in.io, [&] { return a->of.positions.back() == at; }));
        CHECK(a->of.text == text);
        CHECK(a->of.each_once_in_order());
    }
}

TEST_CASE("a frame reaches a thousand listeners within a fraction of a millisecond") {
    hub_fixture in;
    std::vector<std::shared_ptr<acting_listener>> all;
    for (int i = 0; i < 1000; ++i) {
        all.push_back(std::make_shared<acting_listener>());
        REQUIRE(finish(in.io, in.hub.join(in.channel, all.back())).has_value());
    }
    in.begin();
    const auto start = clock_type::now();
    constexpr int frames = 2000;
    for (int i = 1; i <= frames; ++i) in.delta(i, "some words of an answer");
    const auto took = std::chrono::duration<double>(clock_type::now() - start).count();
    CHECK(all[999]->count == frames + 1);
    MESSAGE("delivered " << frames / took / 1e3 << " million times a second");
    CHECK(took < 20);
}
