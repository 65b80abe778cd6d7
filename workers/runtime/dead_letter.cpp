#include "workers/runtime/dead_letter.hpp"

#include <algorithm>
#include <charconv>

#include "events/topics.hpp"

namespace airi::workers {
namespace {

constexpr std::string_view attempts_header = "retry_topic-attempts";
constexpr std::string_view due_header = "retry_topic-backoff-timestamp";

std::int64_t number(std::string_view text) {
    std::int64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

constexpr std::string_view retry_prefix = "retry_topic-", dead_prefix = "kafka_dlt-";

// The place of the first failure stays, however often the record was published again.
void keep_origin(kafka::record& out, const kafka::message& message, std::string_view prefix) {
    const auto add = [&](std::string_view name, std::string value) {
        const auto full = std::string(prefix) + std::string(name);
        for (const auto& h : out.headers)
            if (h.name == full) return;
        const auto first = message.header_value(std::string(retry_prefix) + std::string(name));
        out.headers.push_back({full, first.empty() ? std::move(value) : std::string(first)});
    };
    add("original-topic", message.topic);
    add("original-partition", std::to_string(message.partition));
    add("original-offset", std::to_string(message.offset));
    add("original-timestamp",
        std::to_string(std::chrono::floor<milliseconds>(message.appended).time_since_epoch().count()));
}

}  // namespace

std::string_view base_topic(std::string_view topic) {
    const std::string_view suffix = events::retry_suffix;
    return topic.ends_with(suffix) ? topic.substr(0, topic.size() - suffix.size()) : topic;
}

kafka::record dead_letter(const kafka::message& message, std::string_view group, const to_dead_letters& step) {
    kafka::record out{std::string(base_topic(message.topic)) + events::dead_letter_suffix, message.key, message.value,
        message.headers};
    keep_origin(out, message, dead_prefix);
    out.headers.push_back({"kafka_dlt-original-consumer-group", std::string(group)});
    out.headers.push_back({"kafka_dlt-exception-fqcn", std::string(step.why.category().name())});
    out.headers.push_back({"kafka_dlt-exception-message", step.why.message()});
    out.headers.push_back({"airi-attempts", std::to_string(step.attempts)});
    return out;
}

kafka::record retry_later(
    const kafka::message& message, std::string_view group, const to_retry_topic& step, instant now) {
    kafka::record out{
        std::string(base_topic(message.topic)) + events::retry_suffix, message.key, message.value, message.headers};
    std::erase_if(out.headers,
        [](const auto& h) { return h.name == attempts_header || h.name == due_header || h.name == group_header; });
    keep_origin(out, message, retry_prefix);
    out.headers.push_back({std::string(group_header), std::string(group)});
    out.headers.push_back({std::string(attempts_header), std::to_string(step.attempts)});
    const auto due = std::chrono::floor<milliseconds>(now + step.after).time_since_epoch().count();
    out.headers.push_back({std::string(due_header), std::to_string(due)});
    return out;
}

bool is_for(const kafka::message& message, std::string_view group) {
    const auto only = message.header_value(group_header);
    return only.empty() || only == group;
}

int attempts_of(const kafka::message& message) {
    return static_cast<int>(number(message.header_value(attempts_header)));
}

instant due_of(const kafka::message& message) {
    return instant{milliseconds{number(message.header_value(due_header))}};
}

}  // namespace airi::workers
