// Client frames to JSON, and the data of a client frame to its struct. A frame is {"type":…,"id":…,"data":{…}}. A
// client chooses `id`, and the frame that answers it carries the same one.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>

#include "events/codec.hpp"

namespace airi::events {

/// The frame as its receiver gets it; `ref` is the id of the frame it answers, or empty.
template <class Frame>
std::string encode_frame(const Frame& frame, std::string_view ref = {}) {
    json::object out;
    out.add("type", Frame::type);
    if (!ref.empty()) out.add("id", ref);
    return out.add_raw("data", wire::put_fields(frame).text()).text();
}

/// The members of a frame's data, without braces.
template <class Frame>
std::string members_of(const Frame& frame) {
    auto out = wire::put_fields(frame).text();
    out.pop_back();
    out.erase(0, 1);
    return out;
}

/// Reads the data of a client's frame. Unknown members are for the caller to reject (`field_names`).
template <class Frame>
std::variant<Frame, field_fault> decode_frame(json::value data) {
    Frame out;
    if (const auto fault = wire::take_fields(data, out)) return *fault;
    return out;
}

/// The names that a frame's data may have; empty: the data is ignored.
template <class Frame>
constexpr auto field_names() {
    return std::apply(
        [](const auto&... f) { return std::array<std::string_view, sizeof...(f)>{f.name...}; }, Frame::fields);
}

}  // namespace airi::events
