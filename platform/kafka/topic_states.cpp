#include "platform/kafka/topic_states.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <span>

#include "platform/base/log.hpp"
#include "platform/kafka/admin.hpp"
#include "platform/kafka/errors.hpp"

namespace airi::kafka {
namespace {

using clock = std::chrono::steady_clock;
using partition_list = std::unique_ptr<rd_kafka_topic_partition_list_t, destroy<rd_kafka_topic_partition_list_destroy>>;
using states = std::vector<topic_state>;

int wait_of(milliseconds limit) { return static_cast<int>(limit.count()); }

// A fetch needs only the first record of a partition.
handle open_reader(const access& brokers) {
    auto out = open_handle(role::consumer,
        configure(brokers, "airi-topics",
            {{"group.id", "airi-topics"}, {"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"},
                {"enable.partition.eof", "true"}, {"allow.auto.create.topics", "false"},
                {"fetch.message.max.bytes", "1024"}, {"queued.min.messages", "1"}}));
    rd_kafka_poll_set_consumer(out.get());
    return out;
}

// Without offsets.
result<states> names_of(rd_kafka_t* handle, milliseconds limit) {
    const rd_kafka_metadata_t* answer = nullptr;
    if (const auto err = rd_kafka_metadata(handle, 1, nullptr, &answer, wait_of(limit))) return error_of(err);
    const std::unique_ptr<const rd_kafka_metadata_t, destroy<rd_kafka_metadata_destroy>> held(answer);
    states out;
    for (const auto& topic : std::span(answer->topics, static_cast<std::size_t>(answer->topic_cnt))) {
        const std::string name = topic.topic;
        if (name.starts_with("__") || topic.err) continue;
        auto& made = out.emplace_back();
        made.name = name;
        for (const auto& one : std::span(topic.partitions, static_cast<std::size_t>(topic.partition_cnt)))
            made.first[one.id] = 0;
    }
    std::ranges::sort(out, {}, &topic_state::name);
    return out;
}

topic_state& find(states& all, const std::string& name) {
    return *std::ranges::lower_bound(all, name, {}, &topic_state::name);
}

// `place`: RD_KAFKA_OFFSET_BEGINNING or _END, which a request for times takes as well: one request for all partitions.
result<> read_offsets(
    rd_kafka_t* handle, states& all, std::int64_t place, positions topic_state::* into, milliseconds limit) {
    const partition_list asked(rd_kafka_topic_partition_list_new(64));
    for (const auto& topic : all)
        for (const auto& [partition, unused] : topic.first)
            rd_kafka_topic_partition_list_add(asked.get(), topic.name.c_str(), partition)->offset = place;
    if (asked->cnt == 0) return {};
    if (const auto err = rd_kafka_offsets_for_times(handle, asked.get(), wait_of(limit))) return error_of(err);
    for (const auto& one : std::span(asked->elems, static_cast<std::size_t>(asked->cnt))) {
        if (one.err) return error_of(one.err);
        (find(all, one.topic).*into)[one.partition] = one.offset;
    }
    return {};
}

result<> read_ends(rd_kafka_t* handle, states& all, milliseconds limit) {
    if (const auto done = read_offsets(handle, all, RD_KAFKA_OFFSET_BEGINNING, &topic_state::first, limit); !done)
        return done;
    return read_offsets(handle, all, RD_KAFKA_OFFSET_END, &topic_state::end, limit);
}

// Retention may delete a partition's first record meanwhile; then the next one has its time.
result<> read_times(rd_kafka_t* handle, states& all, milliseconds limit) {
    using key = std::pair<std::string, std::int32_t>;
    std::set<key> open;
    const partition_list wanted(rd_kafka_topic_partition_list_new(64));
    for (const auto& topic : all)
        for (const auto& [partition, first] : topic.first) {
            if (first >= topic.end.at(partition)) continue;
            rd_kafka_topic_partition_list_add(wanted.get(), topic.name.c_str(), partition)->offset = first;
            open.emplace(topic.name, partition);
        }
    if (open.empty()) return {};
    if (const auto err = rd_kafka_assign(handle, wanted.get())) return error_of(err);
    for (const auto deadline = clock::now() + limit; !open.empty();) {
        const std::unique_ptr<rd_kafka_message_t, destroy<rd_kafka_message_destroy>> got(
            rd_kafka_consumer_poll(handle, 100));
        if (clock::now() > deadline) return errc::unavailable;
        if (!got || !got->rkt || (got->err && got->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)) continue;
        const std::string name = rd_kafka_topic_name(got->rkt);
        if (open.erase({name, got->partition}) == 0) continue;
        const partition_list done(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(done.get(), name.c_str(), got->partition);
        rd_kafka_pause_partitions(handle, done.get());
        const auto time = rd_kafka_message_timestamp(got.get(), nullptr);
        if (got->err || time < 0) continue;
        auto& oldest = find(all, name).oldest;
        const instant at{milliseconds(time)};
        oldest = oldest ? std::min(*oldest, at) : at;
    }
    return {};
}

std::optional<milliseconds> retention_in(const rd_kafka_ConfigResource_t* topic) {
    std::size_t count = 0;
    const auto** entries = rd_kafka_ConfigResource_configs(topic, &count);
    for (const auto* entry : std::span(entries, count)) {
        const auto* value = rd_kafka_ConfigEntry_value(entry);
        if (rd_kafka_ConfigEntry_name(entry) != std::string_view("retention.ms") || !value) continue;
        const std::string_view text = value;
        std::int64_t out = -1;
        std::from_chars(text.data(), text.data() + text.size(), out);
        if (out >= 0) return milliseconds(out);
    }
    return std::nullopt;
}

result<> read_settings(rd_kafka_t* handle, states& all, milliseconds limit) {
    using resource = std::unique_ptr<rd_kafka_ConfigResource_t, destroy<rd_kafka_ConfigResource_destroy>>;
    std::vector<resource> asked;
    std::vector<rd_kafka_ConfigResource_t*> borrowed;
    for (const auto& topic : all) {
        asked.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str()));
        borrowed.push_back(asked.back().get());
    }
    if (borrowed.empty()) return {};
    const auto answer = answer_of(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, limit, [&](auto* options, auto* answers) {
        rd_kafka_DescribeConfigs(handle, borrowed.data(), borrowed.size(), options, answers);
    });
    if (!answer) return errc::unavailable;
    if (const auto err = rd_kafka_event_error(answer.get())) return error_of(err);
    std::size_t count = 0;
    const auto** topics =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(answer.get()), &count);
    for (const auto* topic : std::span(topics, count)) {
        if (const auto err = rd_kafka_ConfigResource_error(topic)) return error_of(err);
        find(all, rd_kafka_ConfigResource_name(topic)).retention = retention_in(topic);
    }
    return {};
}

error_code error_in(rd_kafka_event_t* done) {
    if (const auto err = rd_kafka_event_error(done)) return error_of(err);
    std::size_t count = 0;
    auto** topics = rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(done), &count);
    for (const auto* topic : std::span(topics, count)) {
        const auto err = rd_kafka_topic_result_error(topic);
        if (!err) continue;
        const auto* why = rd_kafka_topic_result_error_string(topic);
        log::error("kafka.partitions", {{"topic", rd_kafka_topic_result_name(topic)}, {"reason", why ? why : ""}});
        return error_of(err);
    }
    return {};
}

}  // namespace

std::int64_t topic_state::records() const {
    std::int64_t out = 0;
    for (const auto& [partition, begin] : first) out += end.at(partition) - begin;
    return out;
}

result<states> topics_of(const access& brokers, milliseconds limit) {
    const auto reader = open_reader(brokers);
    auto out = names_of(reader.get(), limit);
    if (!out) return out.error();
    for (const auto read : {read_ends, read_settings, read_times})
        if (const auto done = read(reader.get(), *out, limit); !done) return done.error();
    return out;
}

result<topic_state> offsets_of(const access& brokers, const std::string& topic, milliseconds limit) {
    const auto reader = open_reader(brokers);
    const auto partitions = partitions_of(reader.get(), topic, limit);
    if (!partitions) return partitions.error();
    states out(1);
    out.front().name = topic;
    for (const auto partition : *partitions) out.front().first[partition] = 0;
    if (const auto done = read_ends(reader.get(), out, limit); !done) return done.error();
    return std::move(out.front());
}

result<> add_partitions(const access& brokers, const std::string& topic, int partitions, milliseconds limit) {
    using request = std::unique_ptr<rd_kafka_NewPartitions_t, destroy<rd_kafka_NewPartitions_destroy>>;
    char why[512];
    const auto admin = open_handle(role::producer, configure(brokers, "airi-topics", {}));
    const request asked(
        rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(partitions), why, sizeof why));
    if (!asked) return errc::rejected;
    auto* borrowed = asked.get();
    const auto done = answer_of(admin.get(), RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, limit,
        [&](auto* options, auto* answers) { rd_kafka_CreatePartitions(admin.get(), &borrowed, 1, options, answers); });
    if (!done) return errc::unavailable;
    if (const auto error = error_in(done.get())) return error;
    return retry(limit, errc::unavailable, [&](milliseconds left) -> result<> {
        const auto known = partitions_of(admin.get(), topic, left);
        if (!known) return known.error();
        if (known->size() < static_cast<std::size_t>(partitions)) return errc::unavailable;
        return {};
    });
}

}  // namespace airi::kafka
