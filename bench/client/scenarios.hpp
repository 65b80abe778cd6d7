// The load client's scenarios: each runs for its time and returns its measurements as a JSON object. Times are in
// milliseconds.
#pragma once

#include "bench/client/options.hpp"

namespace airi::bench {

/// N users chat over WebSockets, each with one message at a time: message_send to the first message_delta.
std::string latency(const options&);
/// The same script requested from the provider directly: its own time to the first token.
std::string provider(const options&);
/// Messages at a fixed rate (or, with --window, as fast as they are answered): message_send to message_complete.
std::string pipeline(const options&);
/// Opens sockets, reads the server's memory before and after, and times a delta to one of them.
std::string idle(const options&);
/// One channel, many subscribers: deltas published over Redis as fast as all of them receive.
std::string fanout(const options&);
/// HTTP sends on keep-alive connections, as fast as they are acknowledged.
std::string ingress(const options&);
/// HTTP reads of one path (or posts, with --body) on keep-alive connections, as fast as they are answered.
std::string reads(const options&);
/// One step of the way at a time, alone: Kafka, Postgres, Redis.
std::string floor(const options&);

/// {"type":"message_send",…}
std::string message_send(std::string_view conversation, std::string_view content, std::string_view client_message_id);
/// The type of a frame, which servers write as its first member; empty for anything else.
std::string_view type_of(std::string_view frame);
/// Resident memory of a process in bytes.
std::int64_t memory_of(std::int64_t pid);

}  // namespace airi::bench
