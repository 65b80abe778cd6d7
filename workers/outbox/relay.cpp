#include "workers/outbox/relay.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <set>

#include "events/envelope.hpp"
#include "platform/base/log.hpp"
#include "platform/telemetry/metrics.hpp"
#include "sql/statements.hpp"

namespace airi::workers::outbox {
namespace {

constexpr std::string_view source = "/airi/gateway";
constexpr int most_of_a_partition = 200;
// Longer than a look takes while Kafka answers; after that long a dead relay's partitions are another one's.
constexpr seconds lease{5};
constexpr milliseconds shortest_pause{2}, longest_pause{1'000};
constexpr std::chrono::hours until_woken{1};

struct stored_event {
    std::string id;
    kafka::record record;
};

struct progress {
    std::vector<std::string> published;
    std::vector<std::pair<std::string, std::string>> refused;  // and why
    error_code error;                                          // why the rest stays
};

std::vector<stored_event> read(const postgres::rows& rows) {
    std::vector<stored_event> out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto [id, event, topic, key, value, traceparent, request, stored_at] = rows.read<std::string, event_id,
            std::string, std::string, std::string, std::string, std::string, std::string_view>(i);
        const auto time = parse_instant(stored_at).value_or(now());
        kafka::record record{std::move(topic), std::move(key), std::move(value), {}};
        for (auto& [name, text] : events::attributes(record.topic, {event, source, time, traceparent, request}))
            record.headers.push_back({std::move(name), std::move(text)});
        out.push_back({std::move(id), std::move(record)});
    }
    return out;
}

// Removes the first event of each key and returns them.
std::vector<stored_event> take_first_of_keys(std::vector<stored_event>& rest) {
    std::set<std::string> keys;
    std::vector<stored_event> first, later;
    for (auto& each : rest) {
        auto& list = keys.insert(each.record.key).second ? first : later;
        list.push_back(std::move(each));
    }
    rest = std::move(later);
    return first;
}

// A missing topic too: the events of other topics do not wait for it.
bool concerns_event(const error_code& error) {
    return error == failure::refused || error == kafka::errc::unknown_topic;
}

// One by one, because one of them makes the whole batch fail.
awaitable<> publish_singly(kafka::producer& producer, const std::vector<stored_event>& batch, progress& done) {
    for (const auto& each : batch) {
        std::vector<kafka::record> one{each.record};
        const auto sent = co_await producer.publish(std::move(one));
        if (sent) {
            done.published.push_back(each.id);
        } else if (concerns_event(sent.error())) {
            log::error(
                "outbox.refused", {{"id", each.id}, {"topic", each.record.topic}, {"error", sent.error().message()}});
            done.refused.emplace_back(each.id, sent.error().message());
        } else {
            done.error = sent.error();
            co_return;
        }
    }
}

// An event is sent when the one before it of the same key is acknowledged. A look reads all earlier events of a key
// that are not published yet (see outbox.read), and none appears later. So whichever relay sends an event, those before
// it are in Kafka, even if a lease has run out and two relays work on one partition: events are doubled then, which
// their ids show, but never out of order. Leases only keep that rare.
awaitable<progress> publish_in_order(kafka::producer& producer, std::vector<stored_event> rest) {
    progress done;
    while (!rest.empty() && !done.error) {
        const auto batch = take_first_of_keys(rest);
        std::vector<kafka::record> records;
        for (const auto& each : batch) records.push_back(each.record);
        const auto sent = co_await producer.publish(std::move(records));
        if (sent)
            for (const auto& each : batch) done.published.push_back(each.id);
        else if (concerns_event(sent.error()))
            co_await publish_singly(producer, batch, done);
        else
            done.error = sent.error();
    }
    co_return done;
}

postgres::transaction conclude(const progress& done, const std::string& name) {
    postgres::transaction out;
    if (!done.published.empty()) out.statements.push_back(sql::bind("outbox.delete", {{"ids", done.published}}));
    for (const auto& [id, why] : done.refused)
        out.statements.push_back(sql::bind("outbox.refuse", {{"id", id}, {"why", why}}));
    out.statements.push_back(sql::bind("outbox.release", {{"relay", name}}));
    return out;
}

}  // namespace

milliseconds pause_after(const result<look>& found, milliseconds last) {
    if (found && found->published) return milliseconds{0};
    if (found && found->waiting) return std::clamp(2 * last, shortest_pause, longest_pause);
    return until_woken;
}

relay::relay(postgres::database& database, kafka::producer& producer, executor executor, std::string name)
    : database_(database),
      producer_(producer),
      next_look_(executor),
      next_measurement_(executor),
      name_(std::move(name)) {}

awaitable<result<look>> relay::look_once() {
    static auto& published =
        metrics::counter_of("airi_outbox_published_total", "Stored events that were published and deleted.");
    if (!producer_.available()) co_return kafka::errc::unavailable;
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("outbox.lease", {{"relay", name_}, {"lease", lease.count()}}));
    ask.statements.push_back(sql::bind("outbox.read", {{"relay", name_}, {"limit", most_of_a_partition}}));
    ask.statements.push_back(sql::bind("outbox.waiting", {}));
    const auto rows = co_await database_.run(std::move(ask));
    if (!rows) co_return rows.error();
    const auto &leased = rows->at(0), &events = rows->at(1);
    const bool waiting = rows->at(2).boolean(0, 0);
    if (leased.empty()) co_return look{false, waiting};
    const auto done = co_await publish_in_order(producer_, read(events));
    const auto concluded = co_await database_.run(conclude(done, name_));
    if (!concluded) co_return concluded.error();
    published.add(done.published.size());
    if (done.error) co_return done.error;
    co_return look{!events.empty(), waiting};
}

awaitable<> relay::measure() {
    static auto& waiting = metrics::gauge_of("airi_outbox_waiting", "Stored events not yet published, up to 10,000.");
    static auto& oldest = metrics::gauge_of("airi_outbox_oldest_seconds", "The age of the oldest of them; 0: none.");
    static auto& refused = metrics::gauge_of("airi_outbox_refused", "Stored events that Kafka does not accept.");
    const auto rows = co_await postgres::run_one(database_, std::nullopt, sql::bind("outbox.status", {}));
    if (!rows) co_return;
    const auto [count, age, rejected] = rows->read<std::int64_t, std::int64_t, std::int64_t>(0);
    waiting.set(count);
    oldest.set(age);
    refused.set(rejected);
    if (count > 0) wake();
}

awaitable<> relay::run() {
    using namespace boost::asio::experimental::awaitable_operators;
    co_await (keep_looking() && keep_measuring());
}

awaitable<> relay::keep_looking() {
    milliseconds pause{0};
    while (!stopped_) {
        if (std::exchange(woken_, false)) pause = milliseconds{0};
        pause = pause_after(co_await look_once(), pause);
        if (woken_ || stopped_ || pause.count() == 0) continue;
        next_look_.expires_after(pause);
        co_await next_look_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
}

// Looks depend on Kafka, this does not. Its wake-up replaces one that Redis has lost.
awaitable<> relay::keep_measuring() {
    while (!stopped_) {
        co_await measure();
        if (stopped_) co_return;
        next_measurement_.expires_after(longest_pause);
        co_await next_measurement_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
}

void relay::wake() {
    woken_ = true;
    next_look_.cancel();
}

void relay::stop() {
    stopped_ = true;
    next_look_.cancel();
    next_measurement_.cancel();
}

}  // namespace airi::workers::outbox
