// A streaming HTTP/1.1 client over TCP, TLS or a Unix socket with pooled keep-alive connections and limits on time and
// size. Used by the providers; a hostile or broken server causes an error code, never a crash or unbounded use of
// memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"

namespace airi::http {

/// bad_url: broken. All others may be retried; after malformed and too_large too, since another attempt may
/// succeed.
enum class errc {
    bad_url = 1,
    unreachable,
    tls_failed,
    connect_timeout,
    first_byte_timeout,
    gap_timeout,
    total_timeout,
    cut,  ///< the peer closed or reset the connection before the end of the message
    malformed,
    too_large,
    cancelled
};
error_code make_error_code(errc);

struct limits {
    milliseconds connect{5'000};
    milliseconds first_byte{30'000};  ///< from the last byte of the request to the header of the answer
    milliseconds gap{20'000};         ///< between two pieces of the body
    milliseconds total{300'000};
    std::size_t header_bytes = 16 * 1024;
    std::size_t body_bytes = 64 * 1024 * 1024;
};

using headers = std::vector<std::pair<std::string, std::string>>;

struct request {
    std::string method = "POST";
    std::string url;  ///< http:// or https://, host[:port], path and query
    http::headers headers;
    std::string body;
    http::limits limits;
};

/// An answer being received. Destroying it before the end closes the connection, which is how a generation is
/// cancelled; after the end the connection returns to the pool.
class answer {
public:
    virtual ~answer() = default;
    virtual unsigned status() const = 0;
    /// The first header with that name (ignoring case), or empty.
    virtual std::string_view header(std::string_view name) const = 0;
    /// The next piece of the body as it arrives, never empty; an empty string is the end.
    virtual awaitable<result<std::string>> read() = 0;
    /// The rest of the body, at most `most` bytes.
    virtual awaitable<result<std::string>> read_all(std::size_t most) = 0;
    /// From `when` on reads fail with gap_timeout even if data arrives: for callers that can tell progress from
    /// bytes that only keep the connection open. Valid until the next call.
    virtual void give_up_at(std::chrono::steady_clock::time_point when) = 0;
};

class client {
public:
    virtual ~client() = default;
    /// Sends the request and waits for the header of the answer; any status counts as success. Does not follow
    /// redirects. A request on a pooled connection that fails before the first byte of the answer is sent once
    /// more on a new connection.
    virtual awaitable<result<std::unique_ptr<answer>>> send(request) = 0;
};

struct client_options {
    std::size_t idle_per_host = 64;
    seconds idle_for{30};
    /// The path of a Unix socket to which every request goes, whatever host its URL names; without TLS. An operator's
    /// setting only: a URL has no way to name one.
    std::string unix_socket{};
};
/// Verifies certificates and host names against the system's trust store (SSL_CERT_FILE adds to it). Single
/// thread.
std::unique_ptr<client> open_client(executor on, client_options = {});

}  // namespace airi::http

template <>
struct boost::system::is_error_code_enum<airi::http::errc> : std::true_type {};
