// The behaviour of the Redis ports on which the gateway relies. Run on the fake (redis_fake_test) and on a server
// (redis_real_test).
#pragma once

#include <boost/asio/co_spawn.hpp>

#include "events/frames/frame.hpp"
#include "platform/redis/redis.hpp"
#include "tests/gateway/messaging/generation_reader.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

namespace airi::test {

/// A subject is an empty server of its own with
///   loop io; redis::client& client(); redis::subscriber& subscriber();   both connected
///   bool append(ids, position, type, more)   what a worker writes; false when it is rejected
///   void stall()     commands and subscriptions are not answered any more
///   void kill()      the server is gone
///   void restart()   it is back and answers; its clients reconnect by themselves
template <class Subject>
struct redis_suite {
    Subject on;
    std::vector<std::string> arrived;
    int lost = 0, back = 0;

    redis_suite() {
        on.subscriber().arrived = [this](std::string_view channel, std::string_view payload) {
            arrived.push_back(std::string(channel) + "=" + std::string(payload));
        };
        on.subscriber().lost = [this] { ++lost; };
        on.subscriber().back = [this] { ++back; };
    }
    ~redis_suite() { on.subscriber().arrived = nullptr; }

    result<redis::reply> run(std::vector<std::string> words) {
        return on.io.run(on.client().command(std::move(words)));
    }
    result<> subscribe(std::string channel) { return on.io.run(on.subscriber().subscribe(std::move(channel))); }
    std::int64_t publish(std::string channel, std::string payload) {
        return run({"PUBLISH", std::move(channel), std::move(payload)}).value().number;
    }
    bool arrives(std::size_t count) {
        return on.io.until([&] { return arrived.size() >= count; }) && arrived.size() == count;
    }
    template <class T>
    void begin(awaitable<T> call, std::vector<T>& into) {
        boost::asio::co_spawn(on.io.on(), std::move(call), [&into](std::exception_ptr, T got) { into.push_back(got); });
        on.io.settle();
    }

    void keys() {
        CHECK(run({"GET", "k"})->is == redis::reply::kind::nil);
        CHECK(run({"SET", "k", std::string("a\0b", 3)})->text == "OK");
        CHECK(run({"GET", "k"})->text == std::string("a\0b", 3));
        CHECK(run({"SET", "k", ""})->text == "OK");
        CHECK(run({"GET", "k"})->is == redis::reply::kind::text);
        CHECK(run({"SET", "k", "new", "NX", "EX", "60"})->is == redis::reply::kind::nil);
        CHECK(run({"GET", "k"})->text.empty());
        CHECK(run({"XADD", "s", "1-0", "f", "x"})->text == "1-0");
        CHECK(run({"UNLINK", "k", "none", "s"})->number == 2);
        CHECK(run({"SET", "k", "new", "NX", "EX", "60"})->text == "OK");
        CHECK(run({"XRANGE", "s", "-", "+"})->list.empty());
    }
    void order() {
        std::vector<result<redis::reply>> got;
        for (const auto& words : std::vector<std::vector<std::string>>{
                 {"SET", "k", "v"}, {"GET", "k"}, {"UNLINK", "k"}, {"GET", "k"}, {"SET", "k", "w"}, {"GET", "k"}})
            boost::asio::co_spawn(on.io.on(), on.client().command(words),
                [&](std::exception_ptr, result<redis::reply> one) { got.push_back(std::move(one)); });
        REQUIRE(on.io.until([&] { return got.size() == 6; }));
        CHECK(got[0]->text == "OK");
        CHECK(got[1]->text == "v");
        CHECK(got[2]->number == 1);
        CHECK(got[3]->is == redis::reply::kind::nil);
        CHECK(got[5]->text == "w");
    }
    void refusals() {
        const auto unknown = run({"NOSUCHCOMMAND", "x"});
        CHECK(unknown.error() == redis::errc::refused);
        CHECK(unknown.error() == failure::broken);
        run({"XADD", "s", "2-3", "f", "x"});
        for (const auto* id : {"2-3", "2-2", "1-9", "0-0", "nonsense"}) {
            CAPTURE(id);
            CHECK(run({"XADD", "s", id, "f", "x"}).error() == redis::errc::refused);
        }
        CHECK(run({"GET", "s"}).error() == redis::errc::refused);
        CHECK(run({"XRANGE", "s", "-", "+"})->list.size() == 1);
    }
    void streams() {
        const auto range = [&](const std::string& from) { return run({"XRANGE", "gen:x", from, "+"}).value(); };
        CHECK(range("-").list.empty());
        for (const auto* id : {"1-0", "1-1", "2-0"}) run({"XADD", "gen:x", id, "f", std::string("at ") + id});
        const auto all = range("-");
        REQUIRE(all.list.size() == 3);
        REQUIRE(all.list[1].list.size() == 2);
        CHECK(all.list[1].list[0].text == "1-1");
        REQUIRE(all.list[1].list[1].list.size() == 2);
        CHECK(all.list[1].list[1].list[1].text == "at 1-1");
        CHECK(range("1-1").list.size() == 2);
        CHECK(range("(1-1").list.size() == 1);
        CHECK(range("1-7").list.size() == 1);
        CHECK(range("3-0").list.empty());
    }
    void appended_frames() {
        const auto ids = some_generation();
        REQUIRE(subscribe(events::channel_of(ids.conversation)));
        const auto write = [&](position at, frame_type type) { return on.append(ids, at, type, ""); };
        CHECK_FALSE(write({1, 1}, frame_type::delta));
        CHECK(write({1, 0}, frame_type::start));
        CHECK(write({1, 1}, frame_type::delta));
        CHECK_FALSE(write({1, 1}, frame_type::delta));
        CHECK(write({2, 0}, frame_type::restart));
        CHECK_FALSE(write({1, 2}, frame_type::delta));
        REQUIRE(arrives(3));
        const auto frame = events::frame(frame_type::restart, ids, {2, 0}, "");
        CHECK(arrived.back() == events::channel_of(ids.conversation) + "=" +
                                    events::publish_payload(ids.generation, {2, 0}, frame_type::restart, frame));
        const auto stream = run({"XRANGE", events::stream_key(ids.generation), "-", "+"}).value();
        REQUIRE(stream.list.size() == 3);
        CHECK(stream.list[2].list[0].text == events::entry_id({2, 0}));
        CHECK(stream.list[2].list[1].list[1].text == frame);
    }
    void channels() {
        CHECK(publish("c", "too early") == 0);
        REQUIRE(subscribe("c"));
        REQUIRE(subscribe("c"));
        REQUIRE(subscribe("d"));
        CHECK(publish("c", "1") == 1);
        publish("d", "2");
        publish("other", "3");
        publish("c", std::string("x\0y", 3));
        REQUIRE(arrives(3));
        CHECK(arrived == std::vector<std::string>{"c=1", "d=2", std::string("c=x\0y", 5)});
        on.subscriber().unsubscribe("c");
        publish("c", "too late");
        REQUIRE(subscribe("fence"));
        CHECK(publish("c", "too late") == 0);
        CHECK(arrived.size() == 3);
    }
    void waiting_subscription() {
        on.stall();
        std::vector<result<>> ended;
        begin(on.subscriber().subscribe("c"), ended);
        CHECK(ended.empty());
        on.subscriber().unsubscribe("c");
        REQUIRE(on.io.until([&] { return ended.size() == 1; }));
        CHECK(ended[0].error() == redis::errc::unavailable);
    }
    void loss() {
        REQUIRE(subscribe("c"));
        const auto stood = on.client().standing_since();
        on.stall();
        std::vector<result<redis::reply>> answers;
        std::vector<result<>> confirmations;
        begin(on.client().command({"GET", "k"}), answers);
        begin(on.subscriber().subscribe("new"), confirmations);
        CHECK(answers.empty());
        CHECK(confirmations.empty());
        on.kill();
        REQUIRE(on.io.until([&] { return answers.size() == 1 && confirmations.size() == 1 && lost == 1; }));
        CHECK(answers[0].error() == redis::errc::unavailable);
        CHECK(answers[0].error() == failure::outage);
        CHECK(confirmations[0].error() == redis::errc::unavailable);
        CHECK_FALSE(on.client().available());
        CHECK_FALSE(on.subscriber().available());
        CHECK(run({"GET", "k"}).error() == redis::errc::unavailable);
        CHECK(subscribe("newer").error() == redis::errc::unavailable);
        CHECK(back == 0);
        on.restart();
        REQUIRE(on.io.until([&] { return back == 1 && on.client().available(); }));
        CHECK(on.client().standing_since() > stood);
        CHECK(on.subscriber().available());
        CHECK(publish("c", "again") == 1);
        CHECK(publish("new", "x") == 0);
        CHECK(publish("newer", "x") == 0);
        REQUIRE(arrives(1));
        CHECK(lost == 1);
        CHECK(back == 1);
    }
    void closing() {
        REQUIRE(subscribe("c"));
        on.stall();
        std::vector<result<redis::reply>> answers;
        std::vector<result<>> confirmations;
        begin(on.client().command({"GET", "k"}), answers);
        begin(on.subscriber().subscribe("new"), confirmations);
        on.client().close();
        on.subscriber().close();
        REQUIRE(on.io.until([&] { return answers.size() == 1 && confirmations.size() == 1; }));
        CHECK(answers[0].error() == redis::errc::unavailable);
        CHECK(confirmations[0].error() == redis::errc::unavailable);
        CHECK_FALSE(on.client().available());
        CHECK_FALSE(on.subscriber().available());
        CHECK(run({"GET", "k"}).error() == redis::errc::unavailable);
        CHECK(subscribe("c").error() == redis::errc::unavailable);
        CHECK(lost == 0);
        CHECK(arrived.empty());
    }
};

template <class Subject>
void redis_conforms() {
    redis_suite<Subject> suite;
    SUBCASE("keys are set, read and removed") { suite.keys(); }
    SUBCASE("commands are answered in the order of the calls") { suite.order(); }
    SUBCASE("a command that the server rejects is refused and changes nothing") { suite.refusals(); }
    SUBCASE("a stream is read in order from any id on") { suite.streams(); }
    SUBCASE("a worker's frames are stored and published once, in order") { suite.appended_frames(); }
    SUBCASE("messages arrive once and in order between confirmation and unsubscription") { suite.channels(); }
    SUBCASE("unsubscribing ends a subscription that waits") { suite.waiting_subscription(); }
    SUBCASE("a loss ends what waits; confirmed subscriptions return with the server") { suite.loss(); }
    SUBCASE("closing ends what waits, and later calls are unavailable") { suite.closing(); }
}

}  // namespace airi::test
