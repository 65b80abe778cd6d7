// Errors of sending e-mail, and the classification of a mail server's replies.
#pragma once

#include <string_view>

#include "platform/base/result.hpp"

namespace airi::workers::email {

/// bad_address, unknown_kind, bad_link, bad_variables, not_taken (the server rejects the message for good): refused.
/// deferred (the server wants it later): again. away (no server, or the wrong one), throttled, unauthorized (our
/// credentials are at fault, not the message), not_written (the folder): outage.
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

/// The error of an SMTP reply to MAIL, RCPT or DATA; none below 400.
error_code smtp_outcome(long reply);
/// The error of an SES response; `response` is its header and body, one of which names the error.
error_code ses_outcome(long status, std::string_view response);

}  // namespace airi::workers::email

template <>
struct boost::system::is_error_code_enum<airi::workers::email::errc> : std::true_type {};
