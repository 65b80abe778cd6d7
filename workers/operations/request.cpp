#include "workers/operations/request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "events/topics.hpp"
#include "workers/operations/dead_letters.hpp"
#include "workers/operations/groups.hpp"

namespace airi::workers::operations {
namespace {

std::optional<std::string> text_of(json::value parameters, std::string_view name) {
    const auto found = parameters[name].string();
    return found ? std::optional<std::string>(*found) : std::nullopt;
}

bool is_topic(const std::string& name) {
    const auto topics = events::topics();
    return std::ranges::find(topics, name) != topics.end();
}

std::string counts_json(const std::map<std::string, std::int64_t>& counts) {
    json::object out;
    for (const auto& [name, count] : counts) out.add(name, count);
    return out.text();
}

result<answer> replayed(
    const kafka::access& brokers, const command_line& asked, replay_place begun, const replay_watch& watch) {
    const auto id = begun.id;
    const auto done = replay(brokers, asked.order, std::move(begun), watch);
    if (!done) return done.error();
    return answer{{},
        json::object()
            .add("replay_id", id)
            .add("read", done->read)
            .add("matched", done->matched)
            .add("sent", done->sent)
            .add("left_out", done->left_out)
            .add_raw("by_type", counts_json(done->by_type))
            .add_raw("by_hour", counts_json(done->by_hour))
            .text(),
        done->stopped};
}

result<answer> counted(const kafka::access& brokers, const command_line& asked) {
    const auto counts =
        count_dead_letters(brokers, dead_letter_topics(asked.topic), asked.order.range, asked.order.filter);
    if (!counts) return counts.error();
    json::array out;
    for (const auto& [kind, count] : *counts)
        out.add(json::object()
                .add("topic", kind.topic)
                .add("group", kind.group)
                .add("error", kind.error)
                .add("decision", name_of(kind.decided))
                .add("records", count.records)
                .add("first", to_text(count.first))
                .add("last", to_text(count.last)));
    return answer{{}, json::object().add_raw("dead_letters", out.text()).text()};
}

// Without their values, which may have personal data.
result<answer> shown(const kafka::access& brokers, const command_line& asked) {
    json::array out;
    auto left = asked.limit;
    const auto read = read_dead_letters(brokers, dead_letter_topics(asked.topic), asked.order.range, asked.order.filter,
        [&](const kafka::message& letter, decision decided) {
            if (decided != asked.order.decided) return true;
            auto one = dead_letter_json(letter, decided, false);
            out.add(one);
            return --left > 0;
        });
    if (!read) return read.error();
    return answer{{}, json::object().add_raw("dead_letters", out.text()).text()};
}

result<answer> listed(const kafka::access& brokers, const command_line& asked) {
    const auto lines = group_lines(brokers, asked.order.filter.group);
    if (!lines) return lines.error();
    json::array out;
    for (const auto& one : *lines)
        out.add(json::object()
                .add("group", one.group)
                .add("state", one.state)
                .add("members", one.members)
                .add("topic", one.topic)
                .add("lag", one.lag)
                .add("oldest", one.oldest ? std::optional(to_text(*one.oldest)) : std::nullopt));
    return answer{{}, json::object().add_raw("groups", out.text()).text()};
}

result<answer> moved(const kafka::access& brokers, const command_line& asked) {
    const auto done = move_group(brokers, {*asked.order.filter.group, *asked.topic, asked.at, asked.order.dry_run});
    if (!done) return done.error();
    json::array out;
    for (const auto& [partition, from, to] : done->places)
        out.add(json::object().add("partition", partition).add("from", from).add("to", to));
    return answer{done->mistake, json::object().add_raw("places", out.text()).text()};
}

}  // namespace

command_line read_request(std::string_view kind, json::value parameters, instant at) {
    command_line out;
    const auto known = read_command(kind);
    if (!known) {
        out.mistake = fmt::format("no operation is named \"{}\"", kind);
        return out;
    }
    out.command = *known;
    out.topic = text_of(parameters, "topic");
    auto& order = out.order;
    const auto time_of = [&](std::string_view name) -> std::optional<instant> {
        const auto text = parameters[name].string();
        return text ? parse_instant(*text) : std::nullopt;
    };
    order.range.from = time_of("from");
    order.range.to = time_of("to");
    order.filter.key = text_of(parameters, "key");
    order.filter.type = text_of(parameters, "type");
    order.filter.group = text_of(parameters, "group");
    order.filter.error = text_of(parameters, "error");
    parameters["where"].each([&](json::value one) {
        order.filter.where.push_back(
            {std::string(one["pointer"].string().value_or("")), std::string(one["value"].string().value_or(""))});
    });
    order.into = text_of(parameters, "into").value_or("");
    order.for_group = text_of(parameters, "for_group").value_or("");
    order.rate = parameters["rate"].number().value_or(0);
    order.dry_run = parameters["dry_run"].boolean().value_or(false);
    out.limit = parameters["limit"].integer().value_or(out.limit);
    order.decides = decides(out.command);
    if (order.decides || out.command == command::show_dead_letters)
        order.decided = read_decision(text_of(parameters, "decided").value_or("waiting"));
    if (const auto place = text_of(parameters, "place"))
        if (!read_place(out, *place, at)) out.mistake = fmt::format("\"{}\" is no place in a topic", *place);
    if (out.mistake.empty()) out.mistake = complete(out);
    // The worker has rights to the platform's topics only.
    for (const auto& topic : {order.range.topic, order.into})
        if (out.mistake.empty() && !topic.empty() && !is_topic(topic))
            out.mistake = fmt::format("no topic is named \"{}\"", topic);
    return out;
}

std::string progress_json(const replay_summary& so_far, std::int64_t left) {
    return json::object()
        .add("read", so_far.read)
        .add("matched", so_far.matched)
        .add("sent", so_far.sent)
        .add("left", left)
        .text();
}

result<answer> answer_to(
    const kafka::access& brokers, const command_line& asked, replay_place begun, const replay_watch& watch) {
    switch (asked.command) {
        case command::list_dead_letters: return counted(brokers, asked);
        case command::show_dead_letters: return shown(brokers, asked);
        case command::list_groups: return listed(brokers, asked);
        case command::move_group: return moved(brokers, asked);
        default: return replayed(brokers, asked, std::move(begun), watch);
    }
}

}  // namespace airi::workers::operations
