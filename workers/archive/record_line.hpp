// A record as a line of the archive. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/kafka/kafka.hpp"

namespace airi::workers::archive {

/// {"partition":0,"offset":7,"at":"2026-…Z","key":"k","headers":[["ce_id","…"]],"value":"…"} and a line feed. Bytes
/// that are no UTF-8 are {"base64url":"…"} instead of a string.
std::string line_of(const kafka::message&);

/// The record of that topic from a line without its line feed; none for any other text.
std::optional<kafka::message> read_line(std::string_view topic, std::string_view line);

}  // namespace airi::workers::archive
