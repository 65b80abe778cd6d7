#include "workers/operations/replayed_record.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "events/topics.hpp"
#include "workers/runtime/dead_letter.hpp"

namespace airi::workers::operations {
namespace {

constexpr std::string_view id_header = "x-replay-id", count_header = "x-replay-count";
constexpr std::array<std::string_view, 7> of_delivery{
    "kafka_dlt-", "retry_topic-", "x-replay-", "airi-attempts", group_header, "traceparent", "tracestate"};

bool is_of_delivery(const kafka::header& header) {
    return std::ranges::any_of(of_delivery, [&](std::string_view prefix) { return header.name.starts_with(prefix); });
}

}  // namespace

int replays_of(const kafka::message& record) {
    const auto text = record.header_value(count_header);
    int out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

std::string origin_of(const kafka::message& record) {
    for (const std::string_view suffix : {events::dead_letter_suffix, events::retry_suffix})
        if (record.topic.ends_with(suffix)) return record.topic.substr(0, record.topic.size() - suffix.size());
    return record.topic;
}

kafka::record replayed(kafka::message record, std::string topic, std::string_view replay_id, std::string_view group) {
    const auto replays = replays_of(record);
    kafka::record out{
        std::move(topic), std::move(record.key), std::move(record.value), std::move(record.headers), true};
    std::erase_if(out.headers, is_of_delivery);
    out.headers.push_back({std::string(id_header), std::string(replay_id)});
    out.headers.push_back({std::string(count_header), std::to_string(replays + 1)});
    if (!group.empty()) out.headers.push_back({std::string(group_header), std::string(group)});
    return out;
}

}  // namespace airi::workers::operations
