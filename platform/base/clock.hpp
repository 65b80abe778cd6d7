// Wall-clock time as the system speaks it: microseconds UTC, RFC 3339 text. Durations are measured with steady_clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace airi {

using instant = std::chrono::sys_time<std::chrono::microseconds>;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline instant now() { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); }

/// RFC 3339 in UTC with microseconds: 2026-01-31T12:00:00.000000Z.
std::string to_text(instant when);
/// Reads RFC 3339, of whose fraction six digits count; a space may stand for the T. None when it is anything else.
std::optional<instant> parse_instant(std::string_view text);
/// Whole seconds since 1970.
inline long long unix_seconds(instant when) { return std::chrono::floor<seconds>(when).time_since_epoch().count(); }

}  // namespace airi
