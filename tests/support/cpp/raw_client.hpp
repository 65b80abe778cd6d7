// A blocking TCP client that can say anything, also what is wrong. Every wait ends after `patience` with an
// exception. Used by the session tests and by ws_client.
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

/// How long a client waits for the server.
inline constexpr std::chrono::seconds batch_linger{10};

class raw_client {
public:
    /// `receive_bytes` fixes the kernel's receive buffer, for clients that do not read.
    explicit raw_client(unsigned short port, int receive_bytes = 0);
    raw_client(raw_client&& other) noexcept;
    raw_client& operator=(raw_client&&) = delete;
    ~raw_client();

    void send(std::string_view bytes);
    /// As much as goes without waiting. False when the peer is gone.
    bool send_now(std::string_view bytes);
    /// What has come, at least one byte; empty at the end of the stream (also by a reset).
    std::string read_some();
    std::string read_exactly(std::size_t count);
    /// Everything up to and including `mark`.
    std::string read_until(std::string_view mark);
    /// One HTTP answer with Content-Length or without a body.
    raw_reply read_reply(bool has_body = true);
    /// Reads to the end of the stream and gives back what came.
    std::string read_all();
    void half_close();
    void close();

private:
    int fd_ = -1;
    std::string read_;  // and not yet given out
};

/// Connects, sends, reads one answer.
raw_reply ask(unsigned short port, std::string_view request);

}  // namespace airi::tests
