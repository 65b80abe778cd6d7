// The frames of a connection itself: liveness, channels, errors. `answers`: the frame carries the id of the frame it
// answers.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events::frames {

struct ping {
    static constexpr std::string_view type = "ping";
    static constexpr std::string_view summary = "Ask for a pong.";
    static constexpr auto fields = std::tuple<>{};
};

struct pong {
    static constexpr std::string_view type = "pong";
    static constexpr bool answers = true;
    static constexpr std::string_view summary = "The answer to ping.";
    static constexpr auto fields = std::tuple<>{};
};

inline constexpr field_rules channel_name{.min_length = 1,
    .max_length = 100,
    .schema = R"({"type": "string", "minLength": 1, "maxLength": 100, )"
              R"("description": "conversation:<id>, user:<id>, admin or crisis"})",
    .expects = "the name of a channel, 1 to 100 bytes"};

struct subscribe {
    std::string channel;

    static constexpr std::string_view type = "subscribe";
    static constexpr std::string_view summary = "Receive the frames of a channel; at most 100 channels a client.";
    static constexpr auto fields = std::tuple{field("channel", &subscribe::channel, channel_name)};
};

struct unsubscribe {
    std::string channel;

    static constexpr std::string_view type = "unsubscribe";
    static constexpr std::string_view summary = "Receive the frames of a channel no longer.";
    static constexpr auto fields = std::tuple{field("channel", &unsubscribe::channel, channel_name)};
};

struct subscribed {
    std::string channel;

    static constexpr std::string_view type = "subscribed";
    static constexpr bool answers = true;
    static constexpr std::string_view summary = "The client is subscribed to the channel.";
    static constexpr auto fields = std::tuple{field("channel", &subscribed::channel)};
};

struct unsubscribed {
    std::string channel;

    static constexpr std::string_view type = "unsubscribed";
    static constexpr bool answers = true;
    static constexpr std::string_view summary = "The client is no longer subscribed to the channel.";
    static constexpr auto fields = std::tuple{field("channel", &unsubscribed::channel)};
};

struct error {
    std::string code;
    std::string message;
    json_text details;
    std::optional<std::int64_t> retry_after;
    std::optional<std::string> ref;

    static constexpr std::string_view type = "error";
    static constexpr std::string_view summary = "A frame was rejected; the connection stays open.";
    static constexpr auto fields = std::tuple{
        field("code", &error::code),
        field("message", &error::message),
        field("details", &error::details),
        field("retry_after", &error::retry_after,
            {.required = false, .schema = R"({"type": "integer", "description": "seconds"})"}),
        field("ref", &error::ref,
            {.schema = R"({"type": ["string", "null"], "description": "id of the frame that was rejected"})"}),
    };
};

struct reconnect {
    std::int64_t after_ms = 0;

    static constexpr std::string_view type = "reconnect";
    static constexpr std::string_view summary = "The gateway is about to stop: connect again after this time.";
    static constexpr auto fields = std::tuple{field("after_ms", &reconnect::after_ms, {.min = 0})};
};

}  // namespace airi::events::frames
