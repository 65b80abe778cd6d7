// A blocking TCP client that can send anything, including malformed data. Every wait throws after the time limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace airi::tests {

struct raw_reply {
    unsigned status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

/// The time a client waits for the server.
inline constexpr std::chrono::seconds batch_linger{10};

class raw_client {
public:
    /// `receive_bytes` fixes the kernel's receive buffer, for clients that do not read.
    explicit raw_client(unsigned short port, int receive_bytes = 0);
    raw_client(raw_client&& other) noexcept;
    raw_client& operator=(raw_client&&) = delete;
    ~raw_client();

    void send(std::string_view bytes);
    /// Sends as much as possible without waiting. False when the peer is gone.
    bool send_now(std::string_view bytes);
    /// The received bytes, at least one; empty at the end of the stream (or after a reset).
    std::string read_some();
    std::string read_exactly(std::size_t count);
    /// Everything up to and including `mark`.
    std::string read_until(std::string_view mark);
    /// One HTTP response with Content-Length or without a body.
    raw_reply read_reply(bool has_body = true);
    /// Reads to the end of the stream and returns the bytes.
    std::string read_all();
    void half_close();
    void close();

private:
    int fd_ = -1;
    std::string read_;  // received and not yet returned
};

/// Connects, sends, reads one response.
raw_reply ask(unsigned short port, std::string_view request);

}  // namespace airi::tests
