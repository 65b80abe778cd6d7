#include "events/frames/frame.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "events/frames/codec.hpp"
#include "events/frames/generations.hpp"

namespace airi::events {
namespace {

// In the order of frame_type.
constexpr std::array names{frames::message_start::type, frames::message_delta::type, frames::message_snapshot::type,
    frames::message_restart::type, frames::message_held::type, frames::message_complete::type,
    frames::message_rejected::type, frames::message_failed::type, frames::message_cancelled::type};

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t out = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (ec != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return out;
}

std::string_view word(std::string_view& rest) {
    const auto at = rest.find(' ');
    const auto out = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
    return out;
}

}  // namespace

std::string_view name_of(frame_type type) { return names[static_cast<std::size_t>(type)]; }

std::optional<frame_type> frame_type_of(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == name) return static_cast<frame_type>(i);
    return std::nullopt;
}

bool is_end(frame_type type) { return type >= frame_type::complete; }

// One allocation: every piece of a reply passes here. Its members are those of frames::generation_place.
std::string frame(frame_type type, const generation_ids& ids, position at, std::string_view more) {
    return fmt::format(R"({{"type":"{}","data":{{"conversation_id":"{}","message_id":"{}","generation_id":"{}",)"
                       R"("epoch":{},"offset":{}{}{}}}}})",
        name_of(type), ids.conversation.text(), ids.reply.text(), ids.generation.text(), at.epoch, at.offset,
        more.empty() ? "" : ",", more);
}

std::string content_member(std::string_view text) { return members_of(frames::message_delta{text}); }

std::string held_member(std::string_view reason) { return members_of(frames::message_held{std::string(reason)}); }

last_frame end_frame(std::string_view state, std::string_view error_code, std::string_view message) {
    if (state == "rejected") {
        frames::message_rejected out{std::string(error_code)};
        if (!message.empty() && message != "null") out.message = {std::string(message)};
        return {frame_type::rejected, members_of(out)};
    }
    if (state == "failed") return {frame_type::failed, members_of(frames::message_failed{std::string(error_code)})};
    if (state == "cancelled")
        return {frame_type::cancelled, members_of(frames::message_cancelled{{std::string(message)}})};
    return {frame_type::complete, members_of(frames::message_complete{{std::string(message)}})};
}

std::string publish_payload(const generation_id& generation, position at, frame_type type, std::string_view frame) {
    return fmt::format("{} {} {} {}\n{}", generation.text(), at.epoch, at.offset, name_of(type), frame);
}

std::string publish_payload(std::string_view frame, const std::optional<message_id>& created) {
    return fmt::format("-{}{}\n{}", created ? " " : "", created ? created->text() : std::string{}, frame);
}

std::optional<published> read_payload(std::string_view payload) {
    const auto line = payload.find('\n');
    if (line == std::string_view::npos) return std::nullopt;
    published out;
    out.frame = payload.substr(line + 1);
    auto head = payload.substr(0, line);
    const auto first = word(head);
    if (first == "-") {
        out.created = message_id::parse(word(head));
        return out;
    }
    const auto generation = generation_id::parse(first);
    const auto epoch = number(word(head)), offset = number(word(head));
    const auto type = frame_type_of(word(head));
    if (!generation || !epoch || !offset || !type) return std::nullopt;
    out.of_generation = true;
    out.generation = *generation;
    out.at = {*epoch, *offset};
    out.type = *type;
    return out;
}

std::string stream_key(const generation_id& id) { return "gen:" + id.text(); }
std::string channel_of(const conversation_id& id) { return "conversation:" + id.text(); }
std::string channel_of(const user_id& id) { return "user:" + id.text(); }
std::string state_key(const user_id& id) { return "state:" + id.text(); }
std::string deletion_key(const conversation_id& id) { return "deleted:" + id.text(); }
std::string entry_id(position at) { return fmt::format("{}-{}", at.epoch, at.offset); }

std::optional<position> read_entry_id(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto epoch = number(text.substr(0, dash)), offset = number(text.substr(dash + 1));
    if (!epoch || !offset) return std::nullopt;
    return position{*epoch, *offset};
}

}  // namespace airi::events
