// An event as a Kafka record: CloudEvents 1.0 in Kafka binary mode (cloudevents/spec,
// bindings/kafka-protocol-binding.md): the value is the data, the attributes are `ce_…` headers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/codec.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

struct outgoing {
    std::string topic;
    std::string key;
    std::string value;
    std::vector<std::pair<std::string, std::string>> headers;
    bool batchable = false;  ///< no user waits for it: the producer may delay it to send more at once
};

/// The identity and origin of one event; they travel as headers.
struct origin {
    event_id id;
    std::string_view source;  ///< /airi/gateway, /airi/workers/chat
    instant time;
    std::string_view traceparent;      ///< W3C; may be empty
    std::string_view request_id = {};  ///< of the HTTP request or WebSocket that caused it; may be empty
};

std::vector<std::pair<std::string, std::string>> attributes(std::string_view type, const origin&);

/// A partition key: of an id, or a text.
inline std::string key_text(const std::string& key) { return key; }
template <class Id>
std::string key_text(const Id& key) {
    return key.text();
}

template <class Event>
outgoing envelope(const Event& event, const origin& from) {
    constexpr bool batchable = requires { requires Event::batchable; };
    return {std::string(Event::topic), key_text(event.*Event::key), encode(event), attributes(Event::topic, from),
        batchable};
}

}  // namespace airi::events
