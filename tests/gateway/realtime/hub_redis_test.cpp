// The hub with a real redis-server and the chat worker's writer; also the behaviour that the fake Redis shares with it.
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "gateway/realtime/attached_generation.hpp"
#include "gateway/realtime/hub.hpp"
#include "tests/gateway/messaging/generation_reader.hpp"
#include "tests/platform/redis_loop.hpp"
#include "tests/support/cpp/fake_redis.hpp"
#include "workers/chat/deltas.hpp"
#include "workers/runtime/redis_frame_channel.hpp"

namespace {

using namespace airi;
using namespace airi::test;
using gateway::replayed;

// A client that joins in the middle, then reads the stream, then continues live.
struct late_reader : gateway::channel_listener {
    explicit late_reader(std::optional<position> seen) : order(seen) {}
    gateway::attached_generation order;
    reader of;

    void on_frame(std::string_view, const gateway::delivered_frame& delivered) override {
        if (order.receive(delivered)) of.read(*delivered.frame);
    }
    static awaitable<> attach(
        std::shared_ptr<late_reader> self, gateway::hub* hub, redis::client* client, events::generation_ids ids) {
        (void)co_await hub->join(events::channel_of(ids.conversation), self);
        auto history = co_await gateway::read_stream(*client, ids.generation, self->order.last());
        for (const auto& each : self->order.release(history ? std::move(*history) : replayed{}))
            self->of.read(*each.frame);
    }
};

// A gateway's thread with its hub, and one client that is there from the beginning.
class gateway_thread {
public:
    gateway_thread(const secret& url, const std::string& channel)
        : subscriber_(redis::open_subscriber(io_.get_executor(), url)),
          client_(redis::open_client(io_.get_executor(), url)),
          hub_(std::make_unique<gateway::hub>(io_.get_executor(), *subscriber_, *client_)) {
        REQUIRE(until(io_, [&] { return subscriber_->available() && client_->available(); }));
        REQUIRE(finish(io_, hub_->join(channel, early_)).has_value());
        io_.restart();
        thread_ = std::thread([this] { io_.run(); });
    }
    // The result of `work`, run on the gateway's thread.
    template <class Work>
    auto call(Work work) {
        std::packaged_task<decltype(work())()> task(std::move(work));
        auto out = task.get_future();
        boost::asio::post(io_, std::move(task));
        return out.get();
    }
    ~gateway_thread() {
        call([this] {
            hub_.reset();
            subscriber_->close();
            client_->close();
            return 0;
        });
        thread_.join();
    }

    reader early() {
        return call([this] { return early_->of; });
    }
    reader late() {
        return call([this] { return late_->of; });
    }
    void attach(const events::generation_ids& ids) {
        call([&] {
            boost::asio::co_spawn(
                io_, late_reader::attach(late_, hub_.get(), client_.get(), ids), boost::asio::detached);
            return 0;
        });
    }
    std::uint64_t streams_read() const { return hub_->counters().streams_read; }

private:
    io_context io_;
    std::unique_ptr<redis::subscriber> subscriber_;
    std::unique_ptr<redis::client> client_;
    std::unique_ptr<gateway::hub> hub_;
    std::shared_ptr<reading_listener> early_ = std::make_shared<reading_listener>();
    std::shared_ptr<late_reader> late_ = std::make_shared<late_reader>(std::nullopt);
    std::thread thread_;
};

awaitable<bool> settled(std::shared_ptr<workers::chat::deltas> out) {
    co_await out->settle();
    co_return true;
}

// The worker writes a reply of 400 pieces in about two seconds, while `fault` happens at a third of it.
struct writing {
    server own{"redis"};
    secret url{own.address()};
    io_context io;
    events::generation_ids ids = some_generation();
    std::unique_ptr<redis::client> client = redis::open_client(io.get_executor(), url);
    std::unique_ptr<workers::frame_channel> channel = workers::open_frame_channel(*client);
    std::shared_ptr<workers::chat::deltas> out =
        std::make_shared<workers::chat::deltas>(*channel, ids, io.get_executor());
    gateway_thread one{url, events::channel_of(ids.conversation)}, two{url, events::channel_of(ids.conversation)};

    void write(const std::function<void()>& fault, bool restarts = false) {
        REQUIRE(until(io, [&] { return client->available(); }));
        out->begin(1);
        for (int piece = 0; piece < 400; ++piece) {
            if (piece == 100) one.attach(ids);
            if (piece == 130) fault();
            if (piece == 250) two.attach(ids);
            if (piece == 260 && restarts) out->begin(2);
            out->push(std::to_string(piece) + (piece % 9 ? " " : " \"\n\xf0\x9f\x98\x80"));
            const auto next = clock_type::now() + 5ms;
            (void)until(io, [&] { return clock_type::now() >= next; });
        }
        for (auto* each : {&one, &two}) {
            CHECK(until(io, [&] { return each->early().text == out->text(); }));
            CHECK(until(io, [&] { return each->late().text == out->text(); }));
        }
        REQUIRE(finish(io, settled(out)));
        const auto end = workers::outgoing_frame{ids, {restarts ? 2 : 1, out->next_offset()}, frame_type::complete, ""};
        REQUIRE(finish(io, channel->append(end)) == workers::appended::ok);
        for (auto* each : {&one, &two})
            for (const bool late : {false, true}) {
                const auto got = [&] { return late ? each->late() : each->early(); };
                CHECK(until(io, [&] { return got().ended; }));
                CHECK(got().each_once_in_order());
                CHECK(got().text == out->text());
            }
    }
    void run(std::vector<std::string> words) { REQUIRE(finish(io, client->command(std::move(words))).has_value()); }
    bool without_gap(const reader& of) {
        for (std::size_t i = 0; i < of.positions.size(); ++i)
            if (of.positions[i] != position{1, static_cast<std::int64_t>(i)}) return false;
        return !of.positions.empty();
    }
};

// The behaviour that the hub relies on.
void conforms(io_context& io, redis::client& client, redis::subscriber& subscriber) {
    const auto run = [&](std::vector<std::string> words) {
        return finish(io, client.command(std::move(words))).value();
    };
    const auto range = [&](const std::string& from) { return run({"XRANGE", "gen:x", from, "+"}); };
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
    std::vector<std::string> received;
    subscriber.arrived = [&](std::string_view, std::string_view payload) { received.emplace_back(payload); };
    run({"PUBLISH", "c", "not received"});
    REQUIRE(finish(io, subscriber.subscribe("c")).has_value());
    REQUIRE(finish(io, subscriber.subscribe("c")).has_value());
    CHECK(run({"PUBLISH", "c", "received"}).number == 1);
    REQUIRE(until(io, [&] { return !received.empty(); }));
    subscriber.unsubscribe("c");
    run({"PUBLISH", "c", "not received"});
    CHECK(received == std::vector<std::string>{"received"});
    subscriber.arrived = nullptr;
}

}  // namespace

TEST_CASE("the fake Redis answers the hub as the real one does") {
    io_context io;
    fake_redis fake;
    fake_redis::fake_client fake_client(fake);
    fake_redis::fake_subscriber fake_subscriber(fake);
    conforms(io, fake_client, fake_subscriber);
    server own("redis");
    const secret url(own.address());
    const auto client = redis::open_client(io.get_executor(), url);
    const auto subscriber = redis::open_subscriber(io.get_executor(), url);
    REQUIRE(until(io, [&] { return client->available() && subscriber->available(); }));
    conforms(io, *client, *subscriber);
}

TEST_CASE("every client of every gateway reads the text that the worker writes, whenever it joined") {
    writing in;
    in.write([] {});
    for (auto* each : {&in.one, &in.two}) {
        CHECK(in.without_gap(each->early()));
        CHECK(in.without_gap(each->late()));
        CHECK(each->streams_read() == 0);
    }
}

TEST_CASE("a restart in the middle leaves the text of the new epoch") {
    writing in;
    in.write([] {}, true);
}

TEST_CASE("gateways whose subscriptions are cut off read the missed frames once each") {
    writing in;
    in.write([&] { in.run({"CLIENT", "KILL", "TYPE", "pubsub"}); });
    for (auto* each : {&in.one, &in.two}) {
        CHECK(in.without_gap(each->early()));
        CHECK(each->streams_read() > 0);
    }
}

TEST_CASE("FLUSHALL in the middle of a reply costs no text") {
    writing in;
    in.write([&] { in.run({"FLUSHALL"}); });
}

TEST_CASE("FLUSHALL while the subscriptions are cut off costs no text") {
    writing in;
    in.write([&] {
        in.run({"CLIENT", "KILL", "TYPE", "pubsub"});
        in.run({"FLUSHALL"});
    });
}

TEST_CASE("a Redis killed and restarted in the middle of a reply costs no text") {
    writing in;
    in.write([&] {
        in.own.kill();
        const auto back = clock_type::now() + 300ms;
        (void)until(in.io, [&] { return clock_type::now() >= back; });
        in.own.start();
    });
}

TEST_CASE("a Redis that stalls for some seconds in the middle of a reply costs no text") {
    writing in;
    in.write([&] {
        in.own.pause();
        const auto back = clock_type::now() + 4s;
        (void)until(in.io, [&] { return clock_type::now() >= back; });
        in.own.resume();
    });
}
