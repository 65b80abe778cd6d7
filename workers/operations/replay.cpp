#include "workers/operations/replay.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "workers/operations/replayed_record.hpp"

namespace airi::workers::operations {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t batch_size = 1000;
constexpr milliseconds broker_limit{30'000};
constexpr milliseconds longest_pause{100};  // between two looks at replay_watch::progress

class sender {
public:
    sender(const kafka::access& brokers, double rate)
        : rate_(rate), producer_(kafka::open_producer({.brokers = brokers, .client_id = "airi-ctl"})) {}
    ~sender() { producer_->close(seconds{5}); }

    // `count`: of the records that the rate is about.
    result<> send(std::vector<kafka::record> batch, std::size_t count) {
        sent_ += count;
        result<> out;
        boost::asio::co_spawn(
            io_, producer_->publish(std::move(batch)), [&](const std::exception_ptr& thrown, result<> done) {
                if (thrown) std::rethrow_exception(thrown);
                out = done;
            });
        io_.restart();
        io_.run();
        return out;
    }
    // The time that the rate makes the next batch wait.
    milliseconds ahead() const {
        if (rate_ <= 0) return milliseconds{0};
        const auto due = begun_ + std::chrono::duration<double>(double(sent_) / rate_);
        return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(due - clock::now()));
    }

private:
    const double rate_;
    boost::asio::io_context io_;
    std::unique_ptr<kafka::producer> producer_;
    const clock::time_point begun_ = clock::now();
    std::size_t sent_ = 0;
};

void count(replay_summary& into, const kafka::message& record) {
    ++into.matched;
    ++into.by_type[std::string(record.header_value("ce_type"))];
    ++into.by_hour[to_text(record.appended).substr(0, 13) + ":00Z"];
}

// A dead letter is the matter of the group that gave it up: the others have handled the record.
std::string group_of(const kafka::message& record, const replay_order& order) {
    if (!order.for_group.empty() || !order.decides) return order.for_group;
    return std::string(record.header_value("kafka_dlt-original-consumer-group"));
}

}  // namespace

result<std::unique_ptr<kafka::topic_reader>> open_records(
    const kafka::access& brokers, const replay_order& order, const kafka::positions& begun) {
    return order.open ? order.open(order.range, begun)
                      : kafka::topic_reader::open(brokers, order.range, begun, broker_limit);
}

result<replay_summary> replay(
    const kafka::access& brokers, const replay_order& order, replay_place begun, const replay_watch& watch) {
    auto reader = open_records(brokers, order, begun.reached);
    if (!reader) return reader.error();
    decisions made;
    if (order.decided) {
        auto read = decisions::read(brokers, order.range.topic, broker_limit);
        if (!read) return read.error();
        made = std::move(*read);
    }
    replay_summary out;
    // A batch of a slow replay lasts a second at most.
    const auto most =
        order.rate > 0 ? std::clamp<std::size_t>(static_cast<std::size_t>(order.rate), 1, batch_size) : batch_size;
    std::optional<sender> sender;
    if (!order.dry_run) sender.emplace(brokers, order.rate);
    std::vector<kafka::record> batch;
    std::size_t in_batch = 0;  // decisions are records beside those that they concern
    const auto flush = [&]() -> result<> {
        if (sender) {
            const auto count = std::exchange(in_batch, 0);
            if (count > 0)
                if (const auto done = sender->send(std::exchange(batch, {}), count); !done) return done;
            out.sent += static_cast<std::int64_t>(count);
            begun.reached = (*reader)->reached();
            if (const auto stored = watch.store(begun); !stored) return stored;
        }
        out.stopped = !watch.progress(out, (*reader)->left());
        while (sender && !out.stopped && sender->ahead().count() > 0) {
            std::this_thread::sleep_for(std::min(sender->ahead(), longest_pause));
            out.stopped = !watch.progress(out, (*reader)->left());
        }
        return {};
    };
    while (!out.stopped) {
        auto next = (*reader)->next();
        if (!next) return next.error();
        if (!*next) break;
        auto& record = **next;
        if (is_decision(record)) continue;
        ++out.read;
        if (out.read % 1000 == 0) out.stopped = !watch.progress(out, (*reader)->left());
        if (order.decided && made.of(record) != *order.decided) continue;
        if (!order.filter.matches(record)) continue;
        count(out, record);
        const bool publishes = !order.decides || *order.decides == decision::retried;
        if (publishes && replays_of(record) >= most_replays) {
            ++out.left_out;
            continue;
        }
        if (order.dry_run) continue;
        std::optional<kafka::record> decided;
        if (order.decides) decided = decide(record, *order.decides, begun.id);
        if (publishes) {
            auto target = order.into.empty() ? origin_of(record) : order.into;
            const auto group = group_of(record, order);
            batch.push_back(replayed(std::move(record), std::move(target), begun.id, group));
        }
        if (decided) batch.push_back(std::move(*decided));
        if (++in_batch < most) continue;
        if (const auto done = flush(); !done) return done.error();
    }
    if (const auto done = flush(); !done) return done.error();
    return out;
}

}  // namespace airi::workers::operations
