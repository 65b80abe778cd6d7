// The Redis ports: commands, scripts and channel subscriptions, each over one connection that reconnects by itself.
// Redis holds only data that may be lost. Each object belongs to one io_context thread. Used by the gateway and the
// workers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::redis {

/// `unavailable` (not connected, the connection broke while waiting, or the server's state forbids the command) and
/// `timed_out` are outages; `misconfigured` is a missing right or another kind of server; `refused` is any other error
/// reply and counts as broken.
enum class errc { unavailable = 1, timed_out, misconfigured, refused };
error_code make_error_code(errc);

struct reply {
    enum class kind { nil, integer, text, list };
    kind is = kind::nil;
    std::int64_t number = 0;
    std::string text;
    std::vector<reply> list;
};

/// A Lua script; its SHA-1 is taken once. Declare as a namespace-scope constant object.
class script {
public:
    explicit script(std::string_view source);
    const std::string& source() const noexcept { return source_; }
    const std::string& sha() const noexcept { return sha_; }

private:
    std::string source_;
    std::string sha_;
};

/// Commands are pipelined in the order of the calls. When the connection is lost every waiting call ends with
/// `unavailable` and the client reconnects (50 ms … 2 s); calls made while disconnected fail at once.
class client {
public:
    virtual ~client() = default;
    virtual awaitable<result<reply>> command(std::vector<std::string> words) = 0;
    /// EVALSHA, with one EVAL when the server has not cached the script yet.
    virtual awaitable<result<reply>> eval(
        const script&, std::vector<std::string> keys, std::vector<std::string> arguments) = 0;
    virtual bool available() const = 0;
    /// The time of the last successful connect.
    virtual std::chrono::steady_clock::time_point standing_since() const = 0;
    virtual void close() = 0;
};

/// Channel subscriptions. When the connection is lost it reconnects, subscribes to all its channels again, then
/// calls `back` so that its owner can fetch missed messages.
class subscriber {
public:
    virtual ~subscriber() = default;
    /// Called on the connection's thread for each message; the views live during the call only.
    std::function<void(std::string_view channel, std::string_view payload)> arrived;
    /// The connection was lost / is back with every subscription active again.
    std::function<void()> lost;
    std::function<void()> back;

    /// Ends when the server has confirmed: later messages arrive. Idempotent, not counted.
    virtual awaitable<result<>> subscribe(std::string channel) = 0;
    virtual void unsubscribe(std::string channel) = 0;
    virtual bool available() const = 0;
    virtual void close() = 0;
};

/// `url`: redis://[[user]:password@]host[:port][/db], or rediss:// for TLS, which may end in ?ca=<file> of the
/// authorities to be trusted instead of the system's. Both connect in the background, at once.
std::unique_ptr<client> open_client(executor on, const secret& url);
std::unique_ptr<subscriber> open_subscriber(executor on, const secret& url);

/// Deletes keys that must not outlive a change of the data, such as the marks of a cache. One thread; `redis` must
/// outlive it.
class eraser {
public:
    explicit eraser(client& redis) : redis_(redis) {}

    /// Ends when the key is gone. A key that cannot be deleted while Redis is unavailable is deleted by the next call
    /// after that.
    awaitable<> erase(std::string key);
    /// Deletes the keys still due; false while some remain.
    awaitable<bool> settled();

private:
    client& redis_;
    std::set<std::string> owed_;
};

}  // namespace airi::redis

template <>
struct boost::system::is_error_code_enum<airi::redis::errc> : std::true_type {};
