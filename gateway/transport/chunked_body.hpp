// The body of a request that comes in chunks (RFC 9112 7.1), read strictly: bytes in, the body out; no socket. Used by
// the HTTP session and by its fuzz target.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace airi::gateway {

class chunked_body {
public:
    explicit chunked_body(std::size_t limit) : limit_(limit) {}

    /// `malformed`: also with trailers, which would be headers that nobody has checked, and with chunks that cost far
    /// more bytes than they hold.
    enum class state { more, done, too_large, malformed };

    /// Appends what the bytes hold to `body`. Bytes behind the end are left: `used` of them were taken.
    state feed(std::string_view bytes, std::string& body, std::size_t& used);

private:
    enum class at { size, extension, size_end, data, data_end, data_line_end, last_end, last_line_end };

    state take(char c);
    state begin_chunk();

    const std::size_t limit_;
    std::size_t length_ = 0;  // of the body
    std::size_t left_ = 0;    // of the current chunk
    std::size_t line_ = 0;    // bytes of the current chunk's first line
    std::size_t excess_ = 0;  // of all these lines, over what is usual
    int digits_ = 0;
    at at_ = at::size;
};

}  // namespace airi::gateway
