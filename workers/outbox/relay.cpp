#include "workers/outbox/relay.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <set>

#include "events/envelope.hpp"
#include "platform/base/log.hpp"
#include "platform/telemetry/metrics.hpp"
#include "sql/statements.hpp"

namespace airi::workers::outbox {
namespace {

constexpr std::string_view source = "/airi/gateway";
constexpr int most_of_a_partition = 200;
// Longer than a look takes; after that long a dead relay's partitions are another one's.
constexpr seconds lease{5};
constexpr milliseconds shortest_pause{2}, pause_of_outage{500}, longest_pause{1'000};

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

// One by one, because one of them makes the whole batch fail.
awaitable<> publish_singly(kafka::producer& producer, const std::vector<stored_event>& batch, progress& done) {
    for (const auto& each : batch) {
        std::vector<kafka::record> one{each.record};
        const auto sent = co_await producer.publish(std::move(one));
        if (sent) {
            done.published.push_back(each.id);
        } else if (sent.error() == failure::refused) {
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
// that are not published yet (see outbox.take), and none appears later. So whichever relay sends an event, those before
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
        else if (sent.error() == failure::refused)
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

// Sets the metrics; the number of events to be published.
std::size_t report(const postgres::rows& status) {
    static auto& waiting = metrics::gauge_of("airi_outbox_waiting", "Stored events not yet published, up to 10,000.");
    static auto& oldest = metrics::gauge_of("airi_outbox_oldest_seconds", "The age of the oldest of them; 0: none.");
    static auto& refused = metrics::gauge_of("airi_outbox_refused", "Stored events that Kafka does not accept.");
    const auto [count, age, rejected] = status.read<std::int64_t, std::int64_t, std::int64_t>(0);
    waiting.set(count);
    oldest.set(age);
    refused.set(rejected);
    return static_cast<std::size_t>(count);
}

}  // namespace

milliseconds pause_after(const result<look>& found, milliseconds last) {
    if (!found) return pause_of_outage;
    if (!found->remaining) return longest_pause;
    if (found->published > 0) return milliseconds{0};
    return std::clamp(2 * last, shortest_pause, longest_pause);
}

relay::relay(postgres::database& database, kafka::producer& producer, executor executor, std::string name)
    : database_(database), producer_(producer), timer_(std::move(executor)), name_(std::move(name)) {}

awaitable<result<look>> relay::look_once() {
    static auto& published =
        metrics::counter_of("airi_outbox_published_total", "Stored events that were published and deleted.");
    const bool publishing = producer_.available();
    postgres::transaction ask;
    if (publishing)
        ask.statements.push_back(
            sql::bind("outbox.take", {{"relay", name_}, {"lease", lease.count()}, {"limit", most_of_a_partition}}));
    ask.statements.push_back(sql::bind("outbox.status", {}));
    const auto rows = co_await database_.run(std::move(ask));
    if (!rows) co_return rows.error();
    const auto waiting = report(rows->back());
    if (!publishing) co_return kafka::errc::unavailable;
    const auto taken = rows->front().size();
    if (taken == 0) co_return look{0, waiting > 0};
    const auto done = co_await publish_in_order(producer_, read(rows->front()));
    const auto concluded = co_await database_.run(conclude(done, name_));
    if (!concluded) co_return concluded.error();
    published.add(done.published.size());
    if (done.error) co_return done.error;
    co_return look{done.published.size(), waiting > taken};
}

awaitable<> relay::run() {
    milliseconds pause{0};
    while (!stopped_) {
        if (std::exchange(woken_, false)) pause = milliseconds{0};
        pause = pause_after(co_await look_once(), pause);
        co_await wait(pause);
    }
}

void relay::wake() {
    woken_ = true;
    timer_.cancel();
}

void relay::stop() {
    stopped_ = true;
    timer_.cancel();
}

awaitable<> relay::wait(milliseconds pause) {
    if (woken_ || stopped_ || pause.count() == 0) co_return;
    timer_.expires_after(pause);
    co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

}  // namespace airi::workers::outbox
