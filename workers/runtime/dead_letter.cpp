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

// The first failure's place stays, whatever the record went through since.
void keep_origin(kafka::record& out, const kafka::message& from, std::string_view prefix) {
    const auto add = [&](std::string_view name, std::string value) {
        const auto full = std::string(prefix) + std::string(name);
        for (const auto& h : out.headers)
            if (h.name == full) return;
        const auto first = from.header_value(std::string(retry_prefix) + std::string(name));
        out.headers.push_back({full, first.empty() ? std::move(value) : std::string(first)});
    };
    add("original-topic", from.topic);
    add("original-partition", std::to_string(from.partition));
    add("original-offset", std::to_string(from.offset));
    add("original-timestamp",
        std::to_string(std::chrono::floor<milliseconds>(from.appended).time_since_epoch().count()));
}

}  // namespace

std::string_view base_topic(std::string_view topic) {
    const std::string_view suffix = events::retry_suffix;
    return topic.ends_with(suffix) ? topic.substr(0, topic.size() - suffix.size()) : topic;
}

kafka::record dead_letter(const kafka::message& from, std::string_view group, const to_dead_letters& why) {
    kafka::record out{
        std::string(base_topic(from.topic)) + events::dead_letter_suffix, from.key, from.value, from.headers};
    keep_origin(out, from, dead_prefix);
    out.headers.push_back({"kafka_dlt-original-consumer-group", std::string(group)});
    out.headers.push_back({"kafka_dlt-exception-fqcn", std::string(why.why.category().name())});
    out.headers.push_back({"kafka_dlt-exception-message", why.why.message()});
    out.headers.push_back({"airi-attempts", std::to_string(why.attempts)});
    return out;
}

kafka::record retry_later(const kafka::message& from, const to_retry_topic& when, instant at) {
    kafka::record out{std::string(base_topic(from.topic)) + events::retry_suffix, from.key, from.value, from.headers};
    std::erase_if(out.headers, [](const auto& h) { return h.name == attempts_header || h.name == due_header; });
    keep_origin(out, from, retry_prefix);
    out.headers.push_back({std::string(attempts_header), std::to_string(when.attempts)});
    const auto due = std::chrono::floor<milliseconds>(at + when.after).time_since_epoch().count();
    out.headers.push_back({std::string(due_header), std::to_string(due)});
    return out;
}

int attempts_of(const kafka::message& from) { return static_cast<int>(number(from.header_value(attempts_header))); }

instant due_of(const kafka::message& from) { return instant{milliseconds{number(from.header_value(due_header))}}; }

}  // namespace airi::workers
