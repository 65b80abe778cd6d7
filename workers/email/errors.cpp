#include "workers/email/errors.hpp"

#include <algorithm>
#include <array>

#include "platform/base/error_table.hpp"

namespace airi::workers::email {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::bad_address, "not an address", failure::refused},
    {errc::unknown_kind, "no text of that kind", failure::refused},
    {errc::bad_link, "the link is missing or no http(s) URL", failure::refused},
    {errc::bad_variables, "the variables are no object", failure::refused},
    {errc::not_taken, "the mail server rejected the message", failure::refused},
    {errc::deferred, "the mail server deferred the message", failure::again},
    {errc::away, "no mail server", failure::outage},
    {errc::throttled, "the mail server's rate limit is reached", failure::outage},
    {errc::unauthorized, "the mail server rejected the credentials", failure::outage},
    {errc::not_written, "the file could not be written", failure::outage},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.mail", error_rows);
    return table.code(e);
}

error_code smtp_outcome(long reply) {
    if (reply < 400) return {};
    if (reply == 421) return errc::away;
    if (reply < 500) return errc::deferred;
    constexpr std::array<long, 4> of_credentials{530, 534, 535, 538};  // RFC 4954
    if (std::find(of_credentials.begin(), of_credentials.end(), reply) != of_credentials.end())
        return errc::unauthorized;
    return errc::not_taken;
}

error_code ses_outcome(long status, std::string_view response) {
    if (status >= 200 && status < 300) return {};
    // The account's limits are reached or its sending is paused: no message is at fault.
    for (const std::string_view name :
        {"TooManyRequests", "Throttl", "LimitExceeded", "SendingPaused", "AccountSuspended"})
        if (response.find(name) != response.npos) return errc::throttled;
    if (status == 429) return errc::throttled;
    if (status == 401 || status == 403) return errc::unauthorized;
    if (status >= 400 && status < 500) return errc::not_taken;
    return errc::away;
}

}  // namespace airi::workers::email
