// How a listening server is set up: where it listens, whom it admits, and every time and size limit of a
// session. Filled by the gateway's main; tests shorten the times.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/clock.hpp"

namespace airi::gateway {

class connection_limits;

struct session_limits {
    milliseconds header_time{10'000};    ///< from the first byte of a request to the end of its header
    milliseconds idle_time{90'000};      ///< between two requests of a connection; more than balancers keep theirs
    milliseconds body_time{60'000};      ///< for a body, plus its length divided by `body_rate`
    std::size_t body_rate = 16 * 1024;   ///< minimum bytes a second of a body in the long run
    milliseconds write_stall{10'000};    ///< a write without progress for so long ends the connection
    milliseconds handshake_time{5'000};  ///< for the WebSocket's opening and closing handshakes
    milliseconds ping_every{30'000};
    milliseconds pong_time{30'000};  ///< a ping unanswered for so long means the peer is dead
    milliseconds tick{500};          ///< interval of the checks of all of the above
    std::size_t header_bytes = 8 * 1024;
    /// One WebSocket message; more is 1009. A text of 32,000 characters has 384,000 bytes when JSON escapes all of
    /// them.
    std::size_t message_bytes = 512 * 1024;
    std::size_t queue_bytes = 1024 * 1024;          ///< queued for one WebSocket; more is 3008 "slow"
    std::size_t queued_in_all = 128 * 1024 * 1024;  ///< for all WebSockets of a thread; beyond it, more than an equal
                                                    ///< share is "slow"
};

struct server_options {
    std::string address = "0.0.0.0";
    unsigned short port = 0;           ///< 0 takes any free port
    std::size_t per_address = 2'000;   ///< connections from one IPv4 address or one IPv6 /64
    std::size_t connections = 50'000;  ///< all connections of the process
    /// Shared by the servers of all threads; made from the two above when empty.
    std::shared_ptr<connection_limits> shared_limits;
    std::vector<std::string> hosts;            ///< allowed `Host` names without port, lower case; empty allows any
    std::vector<std::string> trusted_proxies;  ///< addresses or networks (10.0.0.0/8) whose X-Forwarded-For is trusted
    session_limits limits;
};

}  // namespace airi::gateway
