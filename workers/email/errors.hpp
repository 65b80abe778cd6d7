// What can go wrong with a mail, and what a mail server's answer means for it.
#pragma once

#include <string_view>

#include "platform/base/result.hpp"

namespace airi::workers::email {

/// bad_address, unknown_kind, bad_link, bad_variables, not_taken (the server will never take this mail): refused.
/// deferred (the server says: later): again. away (no server, or the wrong one), throttled, unauthorized (our
/// credentials are at fault, no mail is), not_written (the outbox): outage.
enum class errc {
    bad_address = 1,
    unknown_kind,
    bad_link,
    bad_variables,
    not_taken,
    deferred,
    away,
    throttled,
    unauthorized,
    not_written
};
error_code make_error_code(errc);

/// What an SMTP reply to MAIL, RCPT or DATA means; success below 400.
error_code smtp_outcome(long reply);
/// What SES's answer means: its status, and its header and body, where the error's name stands.
error_code ses_outcome(long status, std::string_view answer);

}  // namespace airi::workers::email

template <>
struct boost::system::is_error_code_enum<airi::workers::email::errc> : std::true_type {};
