// A streaming HTTP/1.1 client over TCP or TLS with pooled keep-alive connections and a limit on every
// dimension. Used by the providers; a hostile or broken server costs an error code, never a crash, and never
// memory without bound.
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

/// unreachable, tls, cut, *_timeout: again. bad_url: broken. malformed, too_large: again (another attempt may
/// fare better). cancelled: again.
enum class errc {
    bad_url = 1,
    unreachable,
    tls_failed,
    connect_timeout,
    first_byte_timeout,
    gap_timeout,
    total_timeout,
    cut,  ///< the peer closed or reset before the message's end
    malformed,
    too_large,
    cancelled
};
error_code make_error_code(errc);

struct limits {
    milliseconds connect{5'000};
    milliseconds first_byte{30'000};  ///< from the request's last byte to the answer's header
    milliseconds gap{20'000};         ///< between two pieces of the body
    milliseconds total{300'000};
    std::size_t header_bytes = 16 * 1024;
    std::size_t body_bytes = 64 * 1024 * 1024;
};

using headers = std::vector<std::pair<std::string, std::string>>;

struct request {
    std::string method = "POST";
    std::string url;  ///< http:// or https://, host[:port], path and query
    headers with;
    std::string body;
    limits bound;
};

/// One answer being read. Destroying it before the end closes the connection, which is how a generation is
/// cancelled; read to its end, the connection returns to the pool.
class answer {
public:
    virtual ~answer() = default;
    virtual unsigned status() const = 0;
    /// First header of that name (any case), or empty.
    virtual std::string_view header(std::string_view name) const = 0;
    /// The next piece of the body as it arrives, never empty; an empty string is the end.
    virtual awaitable<result<std::string>> read() = 0;
    /// The whole rest, at most `most` bytes.
    virtual awaitable<result<std::string>> read_all(std::size_t most) = 0;
    /// From `when` on reads fail with gap_timeout, whatever still comes: for a caller who knows which bytes
    /// are progress and which only keep the connection warm. Holds until it is set anew.
    virtual void give_up_at(std::chrono::steady_clock::time_point when) = 0;
};

class client {
public:
    virtual ~client() = default;
    /// Sends and waits for the answer's header; any status is a success here. No redirects are followed. A
    /// request on a pooled connection that turns out dead before the first byte of an answer is sent once
    /// more on a fresh one.
    virtual awaitable<result<std::unique_ptr<answer>>> send(request) = 0;
};

struct client_options {
    std::size_t idle_per_host = 64;
    seconds idle_for{30};
};
/// Verifies certificates and host names against the system's trust store (SSL_CERT_FILE adds to it). Single
/// thread.
std::unique_ptr<client> open_client(executor on, client_options = {});

}  // namespace airi::http

template <>
struct boost::system::is_error_code_enum<airi::http::errc> : std::true_type {};
