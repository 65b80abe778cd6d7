#include "workers/operations/dead_letters.hpp"

#include <algorithm>

#include "events/topics.hpp"
#include "workers/operations/replayed_record.hpp"

namespace airi::workers::operations {
namespace {

constexpr milliseconds broker_limit{30'000};

}  // namespace

std::vector<std::string> dead_letter_topics(const std::optional<std::string>& topic) {
    auto out = events::topics();
    std::erase_if(out, [&](const std::string& name) {
        if (!name.ends_with(events::dead_letter_suffix)) return true;
        return topic && name != *topic && name != *topic + events::dead_letter_suffix;
    });
    return out;
}

result<> read_dead_letters(const kafka::access& brokers, const std::vector<std::string>& topics,
    const kafka::topic_range& when, const record_filter& filter,
    const std::function<bool(const kafka::message&, decision)>& each) {
    for (const auto& topic : topics) {
        const auto made = decisions::read(brokers, topic, broker_limit);
        if (!made) return made.error();
        auto reader = kafka::topic_reader::open(brokers, {topic, when.from, when.to}, {}, broker_limit);
        if (!reader) return reader.error();
        for (;;) {
            auto next = (*reader)->next();
            if (!next) return next.error();
            if (!*next) break;
            if (is_decision(**next) || !filter.matches(**next)) continue;
            if (!each(**next, made->of(**next))) return {};
        }
    }
    return {};
}

result<std::map<dead_letter_kind, dead_letter_count>> count_dead_letters(const kafka::access& brokers,
    const std::vector<std::string>& topics, const kafka::topic_range& when, const record_filter& filter) {
    std::map<dead_letter_kind, dead_letter_count> out;
    const auto read =
        read_dead_letters(brokers, topics, when, filter, [&](const kafka::message& record, decision decided) {
            auto& found = out[{origin_of(record), std::string(record.header_value("kafka_dlt-original-consumer-group")),
                std::string(record.header_value("kafka_dlt-exception-message")), decided}];
            found.first = found.records == 0 ? record.appended : std::min(found.first, record.appended);
            found.last = std::max(found.last, record.appended);
            ++found.records;
            return true;
        });
    if (!read) return read.error();
    return out;
}

json::object dead_letter_json(const kafka::message& record, decision decided, bool with_value) {
    const auto header = [&](std::string_view name) { return std::string(record.header_value(name)); };
    json::object out;
    out.add("topic", record.topic)
        .add("partition", record.partition)
        .add("offset", record.offset)
        .add("at", to_text(record.appended))
        .add("group", header("kafka_dlt-original-consumer-group"))
        .add("error", header("kafka_dlt-exception-message"))
        .add("attempts", header("airi-attempts"))
        .add("original_partition", header("kafka_dlt-original-partition"))
        .add("original_offset", header("kafka_dlt-original-offset"))
        .add("event_id", header("ce_id"))
        .add("event_type", header("ce_type"))
        .add("replays", replays_of(record))
        .add("decision", name_of(decided))
        .add("key", record.key)
        .add("bytes", record.value.size());
    if (with_value) out.add("value", record.value);
    return out;
}

}  // namespace airi::workers::operations
