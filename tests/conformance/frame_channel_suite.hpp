// The behaviour of the frame channel on which the workers rely. Run on the fake (frame_channel_fake_test) and over a
// Redis server (frame_channel_redis_test).
#pragma once

#include "tests/gateway/messaging/generation_reader.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "workers/runtime/frame_channel.hpp"

namespace airi::test {

/// A subject is a channel with an empty Redis behind it:
///   loop io; workers::frame_channel& channel();
///   void listen(ids, user)                      to the channels of that conversation and user
///   std::vector<std::string> heard(count)       the frames published there, once there are so many
///   void cache(user); bool cached(user);        as a gateway caches the user's answers
///   void flush()                                deletes all streams
///   void go_away(); void come_back();           Redis
///   void lose_answer()                          of the next call, whose effect happens
///   void answer_again()                         ends lose_answer
template <class Subject>
struct frame_channel_suite {
    Subject on;
    const events::generation_ids ids = some_generation();
    const user_id user = user_id::fresh();
    using appended = workers::appended;

    frame_channel_suite() { on.listen(ids, user); }

    appended append(position at, frame_type type, const std::string& more = "", const events::generation_ids* to = {}) {
        return on.io.run(on.channel().append({to ? *to : ids, at, type, more}));
    }
    std::string text(position at, frame_type type, const std::string& more = "") const {
        return events::frame(type, ids, at, more);
    }

    void order() {
        const auto words = events::content_member("a \"word\"\n\xf0\x9f\x98\x80");
        CHECK(append({1, 0}, frame_type::start) == appended::ok);
        CHECK(append({1, 1}, frame_type::delta, words) == appended::ok);
        CHECK(append({1, 2}, frame_type::complete) == appended::ok);
        CHECK(on.heard(3) == std::vector<std::string>{text({1, 0}, frame_type::start),
                                 text({1, 1}, frame_type::delta, words), text({1, 2}, frame_type::complete)});
    }
    void missing_stream() {
        CHECK(append({1, 4}, frame_type::delta) == appended::history_lost);
        CHECK(append({1, 4}, frame_type::snapshot) == appended::ok);
        CHECK(append({1, 5}, frame_type::delta) == appended::ok);
        const auto other = some_generation();
        CHECK(append({1, 6}, frame_type::delta, "", &other) == appended::history_lost);
        CHECK(append({1, 0}, frame_type::failed, "", &other) == appended::ok);
        CHECK(append({1, 6}, frame_type::delta) == appended::ok);
        CHECK(on.heard(3).front() == text({1, 4}, frame_type::snapshot));
    }
    void superseded() {
        REQUIRE(append({1, 0}, frame_type::start) == appended::ok);
        REQUIRE(append({1, 1}, frame_type::delta) == appended::ok);
        CHECK(append({1, 1}, frame_type::delta) == appended::superseded);
        CHECK(append({1, 0}, frame_type::start) == appended::superseded);
        CHECK(append({1, 1}, frame_type::snapshot) == appended::superseded);
        CHECK(append({2, 0}, frame_type::restart) == appended::ok);
        CHECK(append({1, 2}, frame_type::delta) == appended::superseded);
        CHECK(append({1, 9}, frame_type::complete) == appended::superseded);
        CHECK(append({2, 3}, frame_type::delta) == appended::ok);
        CHECK(on.heard(4).back() == text({2, 3}, frame_type::delta));
    }
    void flushed() {
        REQUIRE(append({2, 0}, frame_type::start) == appended::ok);
        on.flush();
        CHECK(append({2, 1}, frame_type::delta) == appended::history_lost);
        CHECK(append({2, 1}, frame_type::snapshot) == appended::ok);
        CHECK(append({2, 2}, frame_type::delta) == appended::ok);
        CHECK(append({2, 2}, frame_type::delta) == appended::superseded);
        CHECK(on.heard(3).size() == 3);
    }
    void announcements() {
        on.io.run(on.channel().announce({events::channel_of(user), R"({"type":"to the user"})"}));
        on.io.run(on.channel().announce({events::channel_of(user_id::fresh()), R"({"type":"to another"})"}));
        on.io.run(on.channel().announce({events::channel_of(ids.conversation), R"({"type":"to all"})"}));
        CHECK(on.heard(2) == std::vector<std::string>{R"({"type":"to the user"})", R"({"type":"to all"})"});
    }
    void invalidation() {
        const auto other = user_id::fresh();
        on.cache(user);
        on.cache(other);
        on.io.run(on.channel().invalidate(user));
        CHECK_FALSE(on.cached(user));
        CHECK(on.cached(other));
        on.io.run(on.channel().invalidate(user));
        CHECK_FALSE(on.cached(user));
    }
    void outage() {
        const auto other = user_id::fresh();
        on.go_away();
        CHECK(append({1, 0}, frame_type::start) == appended::unavailable);
        on.io.run(on.channel().announce({events::channel_of(user), R"({"type":"lost"})"}));
        on.io.run(on.channel().invalidate(user));
        on.come_back();
        on.cache(user);
        on.cache(other);
        on.io.run(on.channel().invalidate(other));
        CHECK_FALSE(on.cached(user));  // its change could not be published before
        CHECK_FALSE(on.cached(other));
        CHECK(append({1, 0}, frame_type::start) == appended::ok);
        CHECK(on.heard(1) == std::vector<std::string>{text({1, 0}, frame_type::start)});
    }
    void lost_answer() {
        REQUIRE(append({1, 0}, frame_type::start) == appended::ok);
        on.lose_answer();
        CHECK(append({1, 1}, frame_type::delta) == appended::unavailable);
        on.answer_again();
        CHECK(append({1, 1}, frame_type::delta) == appended::superseded);
        CHECK(append({1, 2}, frame_type::delta) == appended::ok);
        CHECK(on.heard(3)[1] == text({1, 1}, frame_type::delta));
    }
};

template <class Subject>
void frame_channel_conforms() {
    frame_channel_suite<Subject> suite;
    SUBCASE("frames are published as they are, in order") { suite.order(); }
    SUBCASE("a delta needs its stream, any other frame stands alone") { suite.missing_stream(); }
    SUBCASE("a frame that is not newer than the last one is superseded, and so is an earlier epoch") {
        suite.superseded();
    }
    SUBCASE("after the loss of a stream a snapshot continues it") { suite.flushed(); }
    SUBCASE("an announcement reaches its channel") { suite.announcements(); }
    SUBCASE("an invalidation is of one user, and may be repeated") { suite.invalidation(); }
    SUBCASE("without Redis frames are unavailable and announcements lost; invalidations are made up for") {
        suite.outage();
    }
    SUBCASE("a frame whose answer was lost is superseded when it is sent again") { suite.lost_answer(); }
}

}  // namespace airi::test
