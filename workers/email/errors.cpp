#include "workers/email/errors.hpp"

#include <algorithm>
#include <array>

namespace airi::workers::email {
namespace {

struct category_type final : boost::system::error_category {
    const char* name() const noexcept override { return "airi.mail"; }
    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::bad_address: return "not an address";
            case errc::unknown_kind: return "no text of that kind";
            case errc::bad_link: return "the link is missing or no http(s) URL";
            case errc::bad_variables: return "the variables are no object";
            case errc::not_taken: return "the mail server refused the mail";
            case errc::deferred: return "the mail server wants it later";
            case errc::away: return "no mail server";
            case errc::throttled: return "the mail server's rate limit is reached";
            case errc::unauthorized: return "the mail server refused the credentials";
            case errc::not_written: return "the outbox could not be written";
        }
        return "unknown";
    }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        switch (static_cast<errc>(value)) {
            case errc::bad_address:
            case errc::unknown_kind:
            case errc::bad_link:
            case errc::bad_variables:
            case errc::not_taken: return make_error_condition(failure::refused);
            case errc::deferred: return make_error_condition(failure::again);
            default: return make_error_condition(failure::outage);
        }
    }
};

}  // namespace

error_code make_error_code(errc e) {
    static const category_type category;
    return {static_cast<int>(e), category};
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

error_code ses_outcome(long status, std::string_view answer) {
    if (status >= 200 && status < 300) return {};
    // Nobody's mail is at fault when the account's limits are reached or its sending is paused.
    for (const std::string_view name :
        {"TooManyRequests", "Throttl", "LimitExceeded", "SendingPaused", "AccountSuspended"})
        if (answer.find(name) != answer.npos) return errc::throttled;
    if (status == 429) return errc::throttled;
    if (status == 401 || status == 403) return errc::unauthorized;
    if (status >= 400 && status < 500) return errc::not_taken;
    return errc::away;
}

}  // namespace airi::workers::email
