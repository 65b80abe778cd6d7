#include "workers/operations/decisions.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace airi::workers::operations {
namespace {

constexpr std::string_view decision_header = "airi-decision", partition_header = "airi-decision-partition",
                           offset_header = "airi-decision-offset", operation_header = "airi-decision-operation";
constexpr std::array<std::string_view, 4> names{"waiting", "retried", "parked", "dropped"};

template <class Number>
std::optional<Number> number_in(std::string_view text) {
    Number out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

}  // namespace

std::string_view name_of(decision which) { return names.at(static_cast<std::size_t>(which)); }

std::optional<decision> read_decision(std::string_view name) {
    const auto* const found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<decision>(found - names.begin());
}

bool is_decision(const kafka::message& record) { return !record.header_value(decision_header).empty(); }

kafka::record decide(const kafka::message& letter, decision which, std::string_view operation) {
    return {letter.topic, letter.key, {},
        {{std::string(decision_header), std::string(name_of(which))},
            {std::string(partition_header), std::to_string(letter.partition)},
            {std::string(offset_header), std::to_string(letter.offset)},
            {std::string(operation_header), std::string(operation)}},
        true};
}

result<decisions> decisions::read(const kafka::access& brokers, const std::string& topic, milliseconds limit) {
    auto reader = kafka::topic_reader::open(brokers, {topic, {}, {}}, {}, limit);
    if (!reader) return reader.error();
    decisions out;
    const auto read = kafka::read_all(**reader, [&](const kafka::message& record) -> result<> {
        out.add(record);
        return {};
    });
    if (!read) return read.error();
    return out;
}

void decisions::add(const kafka::message& record) {
    const auto which = read_decision(record.header_value(decision_header));
    const auto partition = number_in<std::int32_t>(record.header_value(partition_header));
    const auto offset = number_in<std::int64_t>(record.header_value(offset_header));
    if (which && partition && offset) last_[{*partition, *offset}] = *which;
}

decision decisions::of(const kafka::message& letter) const {
    const auto found = last_.find({letter.partition, letter.offset});
    return found == last_.end() ? decision::waiting : found->second;
}

}  // namespace airi::workers::operations
