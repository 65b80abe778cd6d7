// The result of a call that can fail, and the six kinds of failure a caller may act on. Used everywhere.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <type_traits>

namespace airi {

using boost::system::error_code;

template <class T = void>
using result = boost::system::result<T>;

/// What a caller may do about an error. Every module's error codes compare equal to exactly one of these, so that the
/// gateway's status codes and the workers' retries are decided in one place each and never per error.
enum class failure {
    outage = 1,     ///< a server is away or busy; no input is at fault: wait without a bound, or answer 503
    again,          ///< this attempt failed; the same input may succeed later: retry, bounded
    refused,        ///< the input is at fault: 4xx, or a dead letter at once
    missing,        ///< the thing named does not exist (or is not the caller's)
    broken,         ///< a promise inside the program was broken: 500, or a dead letter after the bounded attempts
    misconfigured,  ///< a server lacks what it must have, such as a grant: wait as in an outage, or 500
};

const boost::system::error_category& failure_category() noexcept;

inline boost::system::error_condition make_error_condition(failure kind) noexcept {
    return {static_cast<int>(kind), failure_category()};
}

/// The failure kind of `ec`; codes no module of ours made (Asio, the system) count as an outage.
failure failure_of(const error_code& ec) noexcept;

/// "outage", "again", … for logs and metric labels.
std::string_view name_of(failure kind) noexcept;

}  // namespace airi

template <>
struct boost::system::is_error_condition_enum<airi::failure> : std::true_type {};
