// Any bytes after a WebSocket handshake, against a whole server on loopback: the server must close every such
// connection once the client has closed its side, and serve the next one.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/base/log.hpp"
#include "tests/support/cpp/live_server.hpp"
#include "tests/support/cpp/ws_client.hpp"

using namespace airi::tests;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static auto& server = []() -> live_server& {
        airi::log::send_to([](std::string_view) {});
        static live_server one;
        return one;
    }();
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (bytes.find("flood ") != bytes.npos) return 0;
    {
        ws_client client(server.port());
        client.raw.send_now(bytes);
        client.raw.half_close();
        client.raw.read_all();
    }
    if (!soon([&] { return server.counters().connections_open == 0; })) std::abort();
    return 0;
}
