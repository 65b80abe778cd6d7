// Twilio's REST API (https://www.twilio.com/docs/messaging/api/message-resource, …/voice/api/call-resource): text
// messages and spoken calls. Used by the crisis worker.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/secret.hpp"
#include "platform/http/client.hpp"

namespace airi::workers::providers::twilio {

struct account {
    std::string base_url = "https://api.twilio.com";
    std::string sid;  ///< AC…
    secret token;
    std::string from;  ///< a number in E.164, or MG…, the sid of a messaging service

    bool configured() const { return !sid.empty(); }
    /// A messaging service sends texts only.
    bool can_call() const { return configured() && from.starts_with('+'); }
};

/// What is wrong with it; empty: nothing.
std::string mistake_of(const account&);

/// busy and not_sent: again, nothing was accepted. unknown: again, but the message may have been accepted, since
/// Twilio's creation of a message is not idempotent: ask find_message() first. unauthorized: misconfigured. rejected,
/// unsubscribed (21610: the number has answered STOP): refused.
enum class errc { busy = 1, not_sent, unknown, unauthorized, rejected, unsubscribed };
error_code make_error_code(errc);

/// What Twilio made of a request.
struct outcome {
    error_code error;        ///< none: accepted, which is before it is delivered
    std::string sid{};       ///< of the message or call
    int code = 0;            ///< Twilio's own, of an error
    seconds retry_after{0};  ///< of `busy`, when Twilio says so
};

struct message {
    std::string to;    ///< E.164
    std::string body;  ///< of a call: what is said
    std::string key;   ///< the same for each attempt
    std::string language = "en";
};

class client {
public:
    /// `http` must outlive it, and must keep no idle connections: a request on one could be sent twice.
    client(http::client& http, account);

    awaitable<outcome> send(const message&) const;
    awaitable<outcome> call(const message&) const;
    /// The sid of the newest message to that number whose body contains `mark`; none: there is none among the last
    /// hundred.
    awaitable<result<std::optional<std::string>>> find_message(std::string to, std::string mark) const;

private:
    awaitable<outcome> create(std::string_view resource, std::string form, std::string_view key) const;

    http::client& http_;
    account account_;
};

/// How the answer to a creation is read. Pure.
outcome read_created(unsigned status, std::string_view retry_after, std::string_view body);
/// The sid of the first message in a list whose body contains `mark`.
result<std::optional<std::string>> read_found(std::string_view body, std::string_view mark);
/// TwiML that says the words twice.
std::string spoken(std::string_view words, std::string_view language);

}  // namespace airi::workers::providers::twilio

template <>
struct boost::system::is_error_code_enum<airi::workers::providers::twilio::errc> : std::true_type {};
