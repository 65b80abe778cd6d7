#include "gateway/realtime/replay.hpp"

#include <algorithm>
#include <iterator>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"

namespace airi::gateway {
namespace {

using events::frame_type;
using events::position;
using iterator = std::vector<entry>::iterator;

// Only a delta needs the frame before it. The others hold the whole text, begin it again, or end it with the message.
bool follows(const entry& before, const entry& next) {
    return next.type != frame_type::delta ||
           (next.at.epoch == before.at.epoch && next.at.offset == before.at.offset + 1);
}

bool unbroken(iterator first, iterator last) {
    return std::adjacent_find(first, last, [](const entry& a, const entry& b) { return !follows(a, b); }) == last;
}

replayed recovered(iterator first, iterator last, bool ended) {
    return {replayed::kind::recovered, {std::make_move_iterator(first), std::make_move_iterator(last)}, {}, ended};
}

// Whether the client that has `seen` can continue with `next`; `before` is the entry before it, if there is one.
bool connects(position seen, const entry* before, const entry& next) {
    if (next.at.epoch > seen.epoch) return next.at.offset == 0 && next.type != frame_type::delta;
    if (before && before->at == seen) return follows(*before, next);
    return next.at.offset == seen.offset + 1;
}

std::optional<events::generation_ids> ids_in(const json::value& data) {
    const auto conversation = conversation_id::parse(data["conversation_id"].string().value_or(""));
    const auto generation = generation_id::parse(data["generation_id"].string().value_or(""));
    const auto reply = message_id::parse(data["message_id"].string().value_or(""));
    if (!conversation || !generation || !reply) return std::nullopt;
    return events::generation_ids{*conversation, *generation, {}, *reply};
}

// The text from the newest frame that needs none before it up to the last frame, as one snapshot; then the end.
replayed whole(iterator first, iterator last) {
    replayed out;
    const auto end = events::is_end(std::prev(last)->type) ? std::prev(last) : last;
    const auto base = std::find_if(std::make_reverse_iterator(end), std::make_reverse_iterator(first),
        [](const entry& e) { return e.type != frame_type::delta; });
    if (base != std::make_reverse_iterator(first) && unbroken(std::prev(base.base()), end)) {
        std::optional<events::generation_ids> ids;
        for (auto each = std::prev(base.base()); each != end; ++each) {
            const auto read = json::document::parse(*each->frame);
            if (!read) return {};
            const auto data = read->root()["data"];
            if (each->type == frame_type::delta || each->type == frame_type::snapshot)
                out.content += data["content"].string().value_or("");
            if (!ids) ids = ids_in(data);
        }
        if (!ids) return {};
        const auto at = std::prev(end)->at;
        out.frames.push_back(
            {at, frame_type::snapshot, std::make_shared<const std::string>(snapshot_frame(*ids, at, out.content))});
    } else if (end == last) {
        return {};
    }
    out.is = replayed::kind::snapshot;
    out.ended = end != last;
    if (out.ended) out.frames.push_back(std::move(*end));
    return out;
}

// XRANGE's reply: [[id, [field, value]], …]. None when an entry is not of our shape.
std::optional<std::vector<entry>> entries_in(redis::reply& reply) {
    std::vector<entry> out;
    out.reserve(reply.list.size());
    for (auto& one : reply.list) {
        if (one.list.size() != 2 || one.list[1].list.size() != 2) return std::nullopt;
        auto& text = one.list[1].list[1].text;
        const auto at = events::read_entry_id(one.list[0].text);
        const auto type = type_of(text);
        if (!at || !type) return std::nullopt;
        out.push_back({*at, *type, std::make_shared<const std::string>(std::move(text))});
    }
    return out;
}

}  // namespace

replayed decide(std::vector<entry> entries, std::optional<position> seen) {
    if (entries.empty()) return {};
    const auto last = entries.end();
    const bool ended = events::is_end(entries.back().type);
    const auto newest =
        std::find_if(entries.begin(), last, [&](const entry& e) { return e.at.epoch == entries.back().at.epoch; });
    if (!seen) {
        if (newest->type != frame_type::delta && unbroken(newest, last)) return recovered(newest, last, ended);
        return whole(newest, last);
    }
    const auto next = std::find_if(newest, last, [&](const entry& e) { return e.at > *seen; });
    if (next == last) return entries.back().at == *seen ? recovered(last, last, ended) : whole(newest, last);
    const auto* before = next == entries.begin() ? nullptr : &*std::prev(next);
    if (connects(*seen, before, *next) && unbroken(next, last)) return recovered(next, last, ended);
    return whole(newest, last);
}

awaitable<result<replayed>> read_stream(redis::client& client, generation_id generation, std::optional<position> seen) {
    for (auto start = seen ? events::entry_id(*seen) : "-";; start = "-") {
        std::vector<std::string> words{"XRANGE", events::stream_key(generation), start, "+"};
        auto reply = co_await client.command(std::move(words));
        if (!reply) co_return reply.error();
        auto entries = entries_in(*reply);
        if (!entries) {
            log::warn("stream.unreadable", {{"generation_id", generation.text()}});
            co_return replayed{};
        }
        auto out = decide(std::move(*entries), seen);
        if (out.recovered() || start == "-") co_return out;
    }
}

std::string snapshot_frame(const events::generation_ids& ids, position at, std::string_view content) {
    return events::frame(frame_type::snapshot, ids, at, events::content_member(content));
}

std::optional<frame_type> type_of(std::string_view frame) {
    constexpr std::string_view head = "{\"type\":\"";
    if (!frame.starts_with(head)) return std::nullopt;
    frame.remove_prefix(head.size());
    return events::frame_type_of(frame.substr(0, frame.find('"')));
}

}  // namespace airi::gateway
