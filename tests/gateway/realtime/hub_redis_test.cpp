// The hub with a real redis-server and the chat worker's writer.
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "gateway/realtime/attached_generation.hpp"
#include "gateway/realtime/hub.hpp"
#include "platform/redis/patience.hpp"
#include "tests/gateway/messaging/generation_reader.hpp"
#include "tests/platform/redis_loop.hpp"
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
        if (order.receive(delivered) == gateway::attached_generation::verdict::send) of.read(*delivered.frame);
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
    gateway_thread(const secret& url, const std::string& channel, redis::patience patience)
        : subscriber_(redis::open_subscriber(io_.get_executor(), url, patience)),
          client_(redis::open_client(io_.get_executor(), url, patience)),
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

// The worker writes a reply of 200 pieces in about a second, while `fault` happens at a third of it.
struct writing {
    explicit writing(redis::patience given = {}) : patience(given) {}

    const redis::patience patience;
    server own{"redis"};
    secret url{own.address()};
    io_context io;
    events::generation_ids ids = some_generation();
    std::unique_ptr<redis::client> client = redis::open_client(io.get_executor(), url, patience);
    std::unique_ptr<workers::frame_channel> channel = workers::open_frame_channel(*client);
    std::shared_ptr<workers::chat::deltas> out =
        std::make_shared<workers::chat::deltas>(*channel, ids, io.get_executor());
    gateway_thread one{url, events::channel_of(ids.conversation), patience},
        two{url, events::channel_of(ids.conversation), patience};

    void write(const std::function<void()>& fault, bool restarts = false) {
        REQUIRE(until(io, [&] { return client->available(); }));
        out->begin(1);
        for (int piece = 0; piece < 200; ++piece) {
            if (piece == 50) one.attach(ids);
            if (piece == 65) fault();
            if (piece == 125) two.attach(ids);
            if (piece == 130 && restarts) out->begin(2);
            out->push({.text = std::to_string(piece) + (piece % 9 ? " " : " \"\n\xf0\x9f\x98\x80"),
                .tokens = {},
                .ended = {}});
            pass(5ms);
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
    void pass(milliseconds time) {
        io.restart();
        io.run_for(time);
    }
    void run(std::vector<std::string> words) { REQUIRE(finish(io, client->command(std::move(words))).has_value()); }
    bool without_gap(const reader& of) {
        for (std::size_t i = 0; i < of.positions.size(); ++i)
            if (of.positions[i] != position{1, static_cast<std::int64_t>(i)}) return false;
        return !of.positions.empty();
    }
};

}  // namespace

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
        in.pass(300ms);
        in.own.start();
    });
}

TEST_CASE("a Redis that stalls until its clients give it up in the middle of a reply costs no text") {
    writing in(redis::patience{.answer = 500ms});
    in.write([&] {
        in.own.pause();
        in.pass(1500ms);
        in.own.resume();
    });
}
