// What the sessions (Beast, sockets) ask of the application, in our own types: no Beast, Kafka or Postgres in sight.
// Sessions implement nothing of the product; the application knows nothing of sockets.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/http/security_headers.hpp"
#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"

namespace airi::gateway {

enum class verb { get, head, post, put, patch, del, options };

/// Ties logs and events to the request or WebSocket that caused them.
struct request_trace {
    std::string traceparent;  ///< W3C
    std::string request_id;
};

/// A whole request: the header was checked (RFC 9112), the body is complete and within its limit.
struct request {
    verb method = verb::get;
    /// Starts with '/'; percent-decoded, but for an encoded '/' and '%': %2F and %25. No empty part, no query.
    std::string path;
    std::vector<std::pair<std::string, std::string>> query;    ///< percent-decoded
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case, as sent otherwise
    std::string body;
    std::string address;      ///< the peer's IP (or the last X-Forwarded-For entry behind a trusted proxy)
    bool from_proxy = false;  ///< the peer is a trusted proxy, so its headers about the client are true
    std::string id;           ///< X-Request-Id, given or made
    std::string traceparent;  ///< W3C, given or made
    instant arrived = now();

    /// The first value of that name; empty when there is none.
    std::string_view header(std::string_view lower_case_name) const {
        for (const auto& [name, value] : headers)
            if (name == lower_case_name) return value;
        return {};
    }
    request_trace trace() const { return {traceparent, id}; }
    std::optional<std::string_view> parameter(std::string_view wanted) const {
        for (const auto& [name, value] : query)
            if (name == wanted) return value;
        return std::nullopt;
    }
};

struct response {
    unsigned status = 200;
    std::string body;
    std::string content_type = "application/json; charset=utf-8";
    std::vector<std::pair<std::string, std::string>> headers;
};

/// A body that is sent piece by piece (SSE). Destroyed when it has ended or the client has disconnected.
class text_stream {
public:
    virtual ~text_stream() = default;
    /// The next piece; empty is the end. Cancelled when the client disconnects.
    virtual awaitable<std::string> next() = 0;
};

struct streamed {
    response head;  ///< body unused
    std::unique_ptr<text_stream> body;
};

using answer = std::variant<response, streamed>;

/// The sending side of a WebSocket. Valid from opened() to closed(); all calls on the socket's thread, none blocks.
class websocket_sender {
public:
    virtual ~websocket_sender() = default;
    /// Queues one text frame. Over the byte budget the socket is closed with 3008 "slow": the client resumes.
    virtual void send(std::shared_ptr<const std::string> frame) = 0;
    /// Sends what is queued, then a close frame.
    virtual void close(std::uint16_t code, std::string reason) = 0;
    virtual std::size_t queued_bytes() const = 0;
};

/// The product's side of one WebSocket client.
class websocket_handler {
public:
    virtual ~websocket_handler() = default;
    virtual void opened(websocket_sender&) = 0;
    /// One text message, valid UTF-8, within the size limit; the next one is read after this has ended.
    virtual awaitable<> received(std::string text) = 0;
    /// The gateway is about to stop: the client should connect again after this time.
    virtual void leaving(milliseconds after) = 0;
    /// The socket is gone, and the websocket_sender with it.
    virtual void closed() = 0;
};

struct upgraded {
    std::shared_ptr<websocket_handler> handler;
    std::string subprotocol;     ///< to be echoed; empty = none
    milliseconds ping_every{0};  ///< 0: as the server's limits say
};

/// One instance per gateway thread; everything it returns belongs to that thread.
class application {
public:
    virtual ~application() = default;
    /// The maximum body size of this route; 0 when path and method are unknown (the body then stays unread).
    virtual std::size_t body_limit(verb, std::string_view path) const = 0;
    virtual awaitable<answer> handle(request) = 0;
    /// The security headers of every answer, those of the transport's own included.
    virtual std::shared_ptr<const security_headers> headers() const { return default_security_headers(); }
    /// Adds what allows a page of that origin to read the transport's own errors too.
    virtual void add_cors(std::string_view origin, std::vector<std::pair<std::string, std::string>>& headers) const {
        static_cast<void>(origin), static_cast<void>(headers);
    }
    /// A WebSocket handshake at any path: the handler to attach, or the rejection.
    virtual awaitable<std::variant<response, upgraded>> upgrade(request) = 0;
};

}  // namespace airi::gateway
