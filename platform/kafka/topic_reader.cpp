#include "platform/kafka/topic_reader.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "platform/kafka/client.hpp"
#include "platform/kafka/errors.hpp"

namespace airi::kafka {
namespace {

using clock = std::chrono::steady_clock;
using partition_list = std::unique_ptr<rd_kafka_topic_partition_list_t, destroy<rd_kafka_topic_partition_list_destroy>>;

// Fetches are under way for less than this unless the leader waits for something.
constexpr milliseconds fetch_pause{20};

int wait_of(milliseconds limit) { return static_cast<int>(limit.count()); }

// The offsets of the first records that were appended at `at` or later; a partition without such a record has its end.
result<positions> offsets_at(
    rd_kafka_t* handle, const std::string& topic, const positions& ends, instant at, milliseconds limit) {
    const partition_list asked(rd_kafka_topic_partition_list_new(static_cast<int>(ends.size())));
    const auto time = std::chrono::ceil<milliseconds>(at.time_since_epoch()).count();
    for (const auto& [partition, end] : ends)
        rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), partition)->offset = time;
    if (const auto err = rd_kafka_offsets_for_times(handle, asked.get(), wait_of(limit))) return error_of(err);
    auto out = ends;
    for (int i = 0; i < asked->cnt; ++i) {
        const auto& each = asked->elems[i];
        if (each.err) return error_of(each.err);
        if (each.offset >= 0) out[each.partition] = std::min(each.offset, out[each.partition]);
    }
    return out;
}

class rdkafka_topic_reader final : public topic_reader {
public:
    rdkafka_topic_reader(const access& brokers, const topic_range& range, milliseconds limit)
        : topic_(range.topic), limit_(limit) {
        handle_ = open_handle(role::consumer,
            configure(brokers, "airi-reader",
                {{"group.id", "airi-reader"}, {"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"},
                    {"auto.offset.reset", "error"}, {"isolation.level", "read_committed"}, {"check.crcs", "true"},
                    {"enable.partition.eof", "true"}, {"allow.auto.create.topics", "false"}}));
        rd_kafka_poll_set_consumer(handle_.get());
    }

    result<> begin(const topic_range& range, const positions& begun, milliseconds limit) {
        const auto partitions = partitions_of(handle_.get(), topic_, limit);
        if (!partitions) return partitions.error();
        positions starts;
        for (const auto partition : *partitions) {
            auto err = rd_kafka_query_watermark_offsets(
                handle_.get(), topic_.c_str(), partition, &starts[partition], &ends_[partition], wait_of(limit));
            // Partitions that the brokers named a moment ago are new ones when they are unknown.
            if (error_of(err) == errc::unknown_topic) return errc::unavailable;
            if (err) return error_of(err);
        }
        const auto first = starts;
        short_ = std::ranges::any_of(begun, [&](const auto& earlier) {
            const auto end = ends_.find(earlier.first);
            return end == ends_.end() || earlier.second > end->second;
        });
        if (range.from) {
            const auto at = offsets_at(handle_.get(), topic_, ends_, *range.from, limit);
            if (!at) return at.error();
            starts = *at;
        }
        if (range.to) {
            const auto at = offsets_at(handle_.get(), topic_, ends_, *range.to, limit);
            if (!at) return at.error();
            ends_ = *at;
        }
        if (range.to && is_gone(first)) return errc::gone;
        const partition_list all(rd_kafka_topic_partition_list_new(static_cast<int>(starts.size())));
        for (auto [partition, offset] : starts) {
            if (const auto earlier = begun.find(partition); earlier != begun.end()) {
                offset = earlier->second;
                if (offset < std::min(first.at(partition), ends_[partition])) {
                    if (!range.skips_gone) return errc::gone;
                    offset = first.at(partition);
                }
            }
            next_[partition] = offset;
            if (offset >= ends_[partition]) continue;
            rd_kafka_topic_partition_list_add(all.get(), topic_.c_str(), partition)->offset = offset;
            ++open_;
        }
        if (open_ == 0) return {};
        if (const auto err = rd_kafka_assign(handle_.get(), all.get())) return error_of(err);
        return {};
    }

    result<std::optional<message>> next() override {
        auto heard = clock::now();
        while (open_ > 0) {
            const std::unique_ptr<rd_kafka_message_t, destroy<rd_kafka_message_destroy>> got(
                rd_kafka_consumer_poll(handle_.get(), wait_of(fetch_pause)));
            if (!got && clock::now() - heard > limit_) return make_error_code(errc::unavailable);
            if (!got) {
                wake_leader();
                continue;
            }
            if (got->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                reach(got->partition, got->offset);
                heard = clock::now();
                continue;
            }
            // Librdkafka goes on by itself when a broker is away.
            if (got->err == RD_KAFKA_RESP_ERR__TRANSPORT || got->err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) continue;
            if (got->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) return make_error_code(errc::gone);
            if (got->err) return error_of(got->err);
            if (got->offset >= ends_.at(got->partition)) {
                reach(got->partition, ends_.at(got->partition));
                continue;
            }
            auto out = message_of(*got);
            reach(out.partition, out.offset + 1);
            return std::optional(std::move(out));
        }
        return std::optional<message>{};
    }

    std::int64_t left() const override {
        std::int64_t out = 0;
        for (const auto& [partition, end] : ends_) out += std::max<std::int64_t>(end - next_.at(partition), 0);
        return out;
    }
    const positions& reached() const override { return next_; }
    bool is_short() const override { return short_; }

private:
    // Whether the range ends before the first record that the topic has kept.
    bool is_gone(const positions& first) const {
        const auto before = [&](const auto& end) { return end.second <= first.at(end.first); };
        return std::ranges::all_of(ends_, before) && std::ranges::any_of(first, [](auto& at) { return at.second > 0; });
    }

    // After its queue was full 2.0.2 fetches nothing for up to a second, though the queue is empty long before. A
    // leader's thread goes on with its next request, whichever it is; each call is for another partition's.
    void wake_leader() {
        for (std::size_t tries = 0; tries < ends_.size(); ++tries) {
            auto at = ends_.upper_bound(woken_);
            if (at == ends_.end()) at = ends_.begin();
            woken_ = at->first;
            if (next_.at(woken_) >= at->second) continue;
            std::int64_t first = 0, last = 0;
            rd_kafka_query_watermark_offsets(
                handle_.get(), topic_.c_str(), woken_, &first, &last, wait_of(fetch_pause));
            return;
        }
    }

    // A partition at its end is read no further.
    void reach(std::int32_t partition, std::int64_t offset) {
        auto& at = next_.at(partition);
        const auto end = ends_.at(partition);
        const bool was_open = at < end;
        at = std::max(at, offset);
        if (!was_open || at < end) return;
        --open_;
        const partition_list done(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(done.get(), topic_.c_str(), partition);
        rd_kafka_pause_partitions(handle_.get(), done.get());
    }

    const std::string topic_;
    const milliseconds limit_;
    handle handle_;
    positions next_, ends_;
    std::int32_t woken_ = -1;
    bool short_ = false;
    int open_ = 0;  // partitions that are not at their end
};

}  // namespace

result<std::unique_ptr<topic_reader>> topic_reader::open(
    const access& brokers, const topic_range& range, const positions& begun, milliseconds limit) {
    auto out = std::make_unique<rdkafka_topic_reader>(brokers, range, limit);
    const auto begin = [&](milliseconds left) { return out->begin(range, begun, left); };
    if (const auto ready = retry(limit, errc::unavailable, begin); !ready) return ready.error();
    return std::unique_ptr<topic_reader>(std::move(out));
}

result<> read_all(topic_reader& reader, const std::function<result<>(const message&)>& each) {
    for (;;) {
        const auto next = reader.next();
        if (!next) return next.error();
        if (!*next) return {};
        if (const auto done = each(**next); !done) return done;
    }
}

}  // namespace airi::kafka
