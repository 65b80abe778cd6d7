#include "bench/client/subscriber.hpp"

#include <stdexcept>
#include <utility>

#include "bench/client/scenarios.hpp"
#include "platform/base/json.hpp"

namespace airi::bench {
namespace {

std::string path_of(dialect kind) {
    if (kind == dialect::socketio) return "/socket.io/?EIO=4&transport=websocket";
    return kind == dialect::airi ? "/ws" : "/";
}

}  // namespace

dialect parse_dialect(std::string_view name) {
    if (name == "airi") return dialect::airi;
    if (name == "ws") return dialect::ws;
    if (name == "socketio") return dialect::socketio;
    throw std::invalid_argument("--dialect is airi, ws or socketio");
}

subscriber::subscriber(loop& reactor, dialect protocol, const std::string& token, std::string channel)
    : protocol_(protocol),
      token_(protocol == dialect::socketio ? token : std::string()),
      channel_(std::move(channel)),
      ws_(reactor, path_of(protocol), protocol == dialect::socketio ? std::string() : token) {
    ws_.on_open = [this] { opened(); };
    ws_.on_text = [this](std::string_view text) { receive(text); };
    ws_.on_end = [this](std::string_view why) { on_end(why); };
}

void subscriber::opened() {
    if (protocol_ == dialect::socketio) return;
    if (protocol_ == dialect::ws || channel_.empty()) return on_joined();
    send(R"({"type":"subscribe","data":{"channel":")" + channel_ + "\"}}");
}

void subscriber::receive(std::string_view text) {
    if (protocol_ == dialect::socketio) return receive_socketio(text);
    const auto type = type_of(text);
    if (type == "message_delta") return on_delta();
    if (type == "subscribed") return on_joined();
    if (type == "error") on_end(text);
}

// Engine.IO 4: 0 open, 2 ping, 3 pong, 4 message; Socket.IO 5 in it: 0 connect, 2 event, 4 refused.
void subscriber::receive_socketio(std::string_view text) {
    if (text.starts_with("42[\"message_delta\"")) return on_delta();
    if (text == "2") return send("3");
    if (text.starts_with("0{")) return send("40" + json::object().add("token", std::exchange(token_, {})).text());
    if (text.starts_with("40")) return on_joined();
    if (text.starts_with("44")) on_end(text);
}

}  // namespace airi::bench
