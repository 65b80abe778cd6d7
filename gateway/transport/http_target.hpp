// The target and other text of a request: percent-decoding, query parameters, lists of header tokens. Used by the
// request reader.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace airi::gateway {

/// Splits and decodes an origin-form target (RFC 9112 3.2.1). False for anything else: another form, wrong
/// percent-encoding, control bytes, an encoded '/' or NUL, text that is not UTF-8.
bool read_target(std::string_view target, std::string& path, std::vector<std::pair<std::string, std::string>>& query);

/// Whether a comma-separated header value contains `token`, in any case.
bool has_token(std::string_view value, std::string_view token);

}  // namespace airi::gateway
