// A worker whose handler does what the test says, under the real runner with fakes around it.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "tests/support/cpp/fake_channel.hpp"
#include "tests/support/cpp/fake_consumer.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/fake_producer.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "workers/runtime/errors.hpp"
#include "workers/runtime/runner.hpp"

namespace airi::test {

inline const error_code outage = postgres::errc::unavailable, again = postgres::errc::fenced,
                        refused = postgres::errc::invalid;
inline const postgres::prepared stored{"stored", "…", {"value"}};
inline const postgres::prepared given_up{"given_up", "…", {"offset"}};

inline kafka::message message(
    std::int32_t partition, std::int64_t offset, std::string key, std::string value, std::string topic = "t") {
    return {std::move(topic), partition, offset, now(), std::move(key), std::move(value), {}};
}

/// What a record leads to: one statement with its value, one event of its key and value on "out".
inline workers::effects effects_of(const kafka::message& m) {
    workers::effects out;
    out.statements.push_back({&stored, {m.value}});
    out.after.events.push_back({"out", m.key, m.value, {}});
    return out;
}

struct runner_fixture {
    test::journal journal;
    loop io;
    fake_database database{&journal};
    fake_producer producer{&journal};
    fake_channel frames{&journal};
    fake_consumer consumer;
    workers::worker worker;
    std::unique_ptr<workers::runner> runner;

    lever handler;                                             ///< what every handler does first
    std::function<error_code(const kafka::message&)> outcome;  ///< why a handler fails; it may throw
    std::vector<std::string> started, ended;                   ///< values of the records
    std::map<std::string, int> running, most;                  ///< handlers at work by key; "" for all
    std::mt19937 random{1};
    bool batchable_events = false;  ///< an event on "later" too
    int yields = 0;                 ///< up to so many turns of the loop before a handler goes on

    runner_fixture() {
        worker.name = "w";
        worker.group = "w";
        worker.topic = "t";
        worker.retry = {.attempts = 3,
            .first_pause = milliseconds{1},
            .longest_pause = milliseconds{4},
            .outage_pause = milliseconds{2}};
        worker.handle = [this](workers::record record) { return handle(this, record); };
        worker.give_up = [](workers::record record) {
            workers::effects out;
            out.statements.push_back({&given_up, {std::to_string(record.message.offset)}});
            return out;
        };
    }

    /// Starts the runner and gives it these partitions of "t".
    void open(std::vector<std::int32_t> partitions = {0}) {
        runner = workers::make_runner(worker, {database, producer, frames}, io.on());
        runner->attach(consumer);
        consumer.attach(runner->owner(), io.on());
        assign(std::move(partitions));
    }
    void assign(std::vector<std::int32_t> partitions, const std::string& topic = "t") {
        std::vector<kafka::partition_id> list;
        for (const auto p : partitions) list.push_back({topic, p});
        consumer.assign(list);
    }
    void push(std::vector<kafka::message> batch) { consumer.deliver(std::move(batch)); }
    void push(kafka::message one) {
        std::vector<kafka::message> batch;
        batch.push_back(std::move(one));
        push(std::move(batch));
    }
    void work_is_done() {
        REQUIRE(io.until([&] { return runner->counters().in_work == 0; }));
    }
    std::int64_t committed(std::int32_t partition = 0) const { return consumer.committed({"t", partition}); }
    std::vector<std::string> published(std::string_view topic = "out") const {
        std::vector<std::string> out;
        for (const auto& r : producer.to(topic)) out.push_back(r.value);
        return out;
    }

    static awaitable<result<workers::effects>> handle(runner_fixture* h, workers::record record) {
        const auto key = record.message.key;
        h->started.push_back(record.message.value);
        for (const auto& k : {key, std::string()}) h->most[k] = std::max(h->most[k], ++h->running[k]);
        for (int turns = h->yields ? static_cast<int>(h->random() % h->yields) : 0; turns > 0; --turns)
            co_await boost::asio::post(h->io.on(), boost::asio::use_awaitable);
        auto failed = co_await h->handler.pass();
        --h->running[key];
        --h->running[""];
        if (!failed && h->outcome) failed = h->outcome(record.message);
        if (failed) co_return failed;
        h->ended.push_back(record.message.value);
        auto out = effects_of(record.message);
        if (h->batchable_events)
            out.after.events.push_back({"later", record.message.key, record.message.value, {}, true});
        co_return out;
    }
};

}  // namespace airi::test
