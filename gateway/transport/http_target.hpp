// The target and other text of a request: percent-decoding, query parameters, lists of header tokens. Used by the
// request reader.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace airi::gateway {

/// A target in origin-form or absolute-form (RFC 9112 3.2).
struct request_target {
    /// Percent-decoded, but for an encoded '/' or '%', which stays %2F or %25, so that its parts can be told apart.
    /// Several slashes are one, and one at the end is left out.
    std::string path;
    std::vector<std::pair<std::string, std::string>> query;  ///< percent-decoded
    std::string_view authority;                              ///< of the absolute-form; empty in origin-form
};

/// None for anything else: another form, wrong percent-encoding, control bytes, text that is not UTF-8.
std::optional<request_target> read_target(std::string_view target);

/// Whether a comma-separated header value contains `token`, in any case.
bool has_token(std::string_view value, std::string_view token);

}  // namespace airi::gateway
