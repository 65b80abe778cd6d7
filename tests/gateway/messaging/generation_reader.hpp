// A generation's frames for tests of the gateway, and a client that reads them as the documentation asks clients to.
#pragma once

#include <string>
#include <vector>

#include "gateway/realtime/channel_listener.hpp"
#include "gateway/realtime/replay.hpp"
#include "platform/base/json.hpp"

namespace airi::test {

using events::frame_type;
using events::position;

inline events::generation_ids some_generation() {
    return {conversation_id::fresh(), generation_id::fresh(), message_id::fresh(), message_id::fresh()};
}

inline gateway::entry entry_of(
    const events::generation_ids& ids, position at, frame_type type, std::string_view text = {}) {
    const bool content = type == frame_type::delta || type == frame_type::snapshot;
    return {at, type,
        std::make_shared<const std::string>(
            events::frame(type, ids, at, content ? events::content_member(text) : std::string()))};
}

/// Shows the text of one generation; knows positions from the frames' own text only.
struct reader {
    std::vector<position> positions;
    std::vector<frame_type> types;
    std::string text;
    bool ended = false;

    void read(const std::string& frame) {
        const auto parsed = json::document::parse(frame).value();
        const auto data = parsed.root()["data"];
        const auto type = gateway::type_of(frame).value();
        positions.push_back({data["epoch"].integer().value(), data["offset"].integer().value()});
        types.push_back(type);
        if (type != frame_type::delta && !events::is_end(type)) text.clear();
        if (const auto content = data["content"].string()) text += *content;
        ended = events::is_end(type);
    }
    bool each_once_in_order() const {
        for (std::size_t i = 1; i < positions.size(); ++i)
            if (positions[i] <= positions[i - 1]) return false;
        return true;
    }
};

/// A listener with a reader for the frames of generations; other frames are stored unread.
struct reading_listener : gateway::channel_listener {
    reader of;
    std::vector<std::string> others;
    std::vector<const std::string*> addresses;

    void on_frame(std::string_view, const gateway::delivered_frame& delivered) override {
        addresses.push_back(delivered.frame.get());
        if (delivered.published.of_generation)
            of.read(*delivered.frame);
        else
            others.push_back(*delivered.frame);
    }
};

}  // namespace airi::test
