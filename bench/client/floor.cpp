// The cost of each step alone, one after the other: a record through Kafka, a commit of Postgres, a message through
// Redis, and the script that appends a frame and publishes it.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>

#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "platform/base/secret.hpp"
#include "platform/base/settings.hpp"
#include "platform/base/sleep.hpp"
#include "platform/kafka/kafka.hpp"
#include "platform/postgres/postgres.hpp"
#include "workers/runtime/redis_frame_channel.hpp"

namespace airi::bench {
namespace {

namespace asio = boost::asio;

constexpr std::size_t warm_up = 200;
constexpr auto limit = seconds(10);  // of one step, which takes milliseconds

template <class T>
T demand(result<T> got, std::string_view step) {
    if (!got) throw std::runtime_error(std::string(step) + ": " + got.error().message());
    if constexpr (!std::is_void_v<T>) return std::move(*got);
}

// Counts arrivals, for a coroutine on the same thread that waits for them.
class arrivals {
public:
    explicit arrivals(executor on) : timer_(on) {}
    void add(std::size_t number = 1) {
        count_ += number;
        timer_.cancel();
    }
    awaitable<> wait_for(std::size_t count, std::string_view step) {
        const auto until = steady::now() + limit;
        while (count_ < count) {
            if (steady::now() > until) throw std::runtime_error(std::string(step) + ": nothing arrives");
            timer_.expires_at(until);
            error_code cancelled;
            co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        }
    }

private:
    asio::steady_timer timer_;
    std::size_t count_ = 0;
};

class reader final : public kafka::consumer_owner {
public:
    explicit reader(executor on) : records(on), partitions(on) {}
    void arrived(std::vector<kafka::message> batch) override { records.add(batch.size()); }
    void assigned(std::vector<kafka::partition_id>) override { partitions.add(); }
    awaitable<> revoked(std::vector<kafka::partition_id>) override { co_return; }
    void failed(std::string reason) override { throw std::runtime_error(reason); }

    arrivals records, partitions;
};

class floor_run {
public:
    floor_run(const options& arguments, executor on)
        : arguments_(arguments), on_(on), count_(static_cast<std::size_t>(arguments.number("count", 2'000))) {}

    awaitable<> all() {
        co_await kafka_hop();
        co_await postgres_commit();
        co_await redis_messages();
    }
    std::string result() { return out_.text(); }

private:
    // `once` takes its number and adds to the samples itself, or returns when its step has ended.
    template <class Once>
    awaitable<> measure(const std::string& name, Once once) {
        samples times;
        for (std::size_t i = 1; i <= warm_up + count_; ++i) {
            const auto begun = steady::now();
            co_await once(i);
            if (i > warm_up) times.add(steady::now() - begun);
        }
        out_.add_raw(name, times.json());
    }

    awaitable<> kafka_hop() {
        const auto brokers = load<kafka::access>(environment::of_process()).value;
        const auto topic = "bench.floor." + uuid::v7().text();
        demand(kafka::create_topics(brokers, {{topic, 1, {}}}, seconds(10)), "topic");
        reader owner(on_);
        const auto in =
            kafka::open_consumer({.brokers = brokers, .group = topic, .instance = "", .topics = {topic}}, on_, owner);
        const auto out = kafka::open_producer({.brokers = brokers, .client_id = "bench"});
        co_await owner.partitions.wait_for(1, "assignment");
        co_await measure("acknowledged", [&](std::size_t) { return publish(*out, topic); });
        co_await owner.records.wait_for(warm_up + count_, "consume");
        const auto before = warm_up + count_;
        // The record is published by a coroutine of its own: it mostly arrives before its acknowledgement.
        co_await measure("hop", [&](std::size_t i) {
            asio::co_spawn(on_, publish(*out, topic), [](std::exception_ptr failed) {
                if (failed) std::rethrow_exception(failed);
            });
            return owner.records.wait_for(before + i, "consume");
        });
        co_await in->stop(seconds(5));
        out->close(seconds(1));
    }
    static awaitable<> publish(kafka::producer& out, std::string topic) {
        demand(co_await out.publish({{topic, "key", std::string(600, 'x'), {}}}), "publish");
    }

    awaitable<> postgres_commit() {
        const auto database = postgres::open({secret(arguments_.text("postgres")), 4});
        const postgres::prepared insert{"bench.insert", arguments_.text("insert"), {"id"}};
        const postgres::prepared select{"bench.select", arguments_.text("select"), {"id"}};
        while (!database->available()) co_await sleep(milliseconds(10));
        co_await measure("read", [&](std::size_t) { return run(*database, select); });
        co_await measure("commit", [&](std::size_t) { return run(*database, insert); });
    }
    static awaitable<> run(postgres::database& database, const postgres::prepared& statement) {
        demand(co_await postgres::run_one(database, std::nullopt, {&statement, {uuid::v7().text()}}), "statement");
    }

    awaitable<> redis_messages() {
        const secret url(arguments_.text("redis"));
        const auto client = redis::open_client(on_, url);
        const auto listener = redis::open_subscriber(on_, url);
        arrivals messages(on_);
        listener->arrived = [&](std::string_view, std::string_view) { messages.add(); };
        while (!client->available() || !listener->available()) co_await sleep(milliseconds(10));
        const events::generation_ids ids{
            conversation_id::fresh(), generation_id::fresh(), message_id::fresh(), message_id::fresh()};
        const auto channel = events::channel_of(ids.conversation);
        demand(co_await listener->subscribe(channel), "subscribe");
        co_await measure("ping", [&](std::size_t) { return command(*client, {"PING"}); });
        co_await measure("message", [&](std::size_t i) { return message(*client, channel, messages, i); });
        const auto frames = workers::open_frame_channel(*client);
        const auto before = warm_up + count_;
        co_await measure("append", [&](std::size_t i) { return append(*frames, ids, i, messages, before); });
        listener->close();
        client->close();
    }
    static awaitable<> command(redis::client& client, std::vector<std::string> words) {
        demand(co_await client.command(std::move(words)), "command");
    }
    static awaitable<> message(redis::client& client, std::string channel, arrivals& messages, std::size_t number) {
        co_await command(client, {"PUBLISH", channel, std::string(300, 'x')});
        co_await messages.wait_for(number, "message");
    }
    static awaitable<> append(workers::frame_channel& frames, events::generation_ids ids, std::size_t number,
        arrivals& messages, std::size_t before) {
        const auto type = number == 1 ? events::frame_type::start : events::frame_type::delta;
        const auto done = co_await frames.append(
            {ids, {1, static_cast<std::int64_t>(number)}, type, events::content_member(std::string(20, 'x'))});
        if (done != workers::appended::ok) throw std::runtime_error("append: rejected");
        co_await messages.wait_for(before + number, "append");
    }

    const options& arguments_;
    executor on_;
    std::size_t count_;
    json::object out_;
};

}  // namespace

std::string floor(const options& arguments) {
    asio::io_context context{1};
    floor_run run(arguments, context.get_executor());
    asio::co_spawn(context, run.all(), [&](std::exception_ptr failed) {
        context.stop();
        if (failed) std::rethrow_exception(failed);
    });
    context.run();
    return run.result();
}

}  // namespace airi::bench
