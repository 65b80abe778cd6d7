// Phone numbers as people write them. Used by the gateway for trusted contacts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace airi::text {

/// As E.164, +14155550123, without the separators that people write; none when it is no number with a country code.
std::optional<std::string> e164(std::string_view phone);

}  // namespace airi::text
