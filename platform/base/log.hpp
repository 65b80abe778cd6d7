// Structured logs: one JSON object per line on stderr. Callers never log message text, tokens or passwords; as a
// second safeguard, values of fields with a secret's name are masked.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace airi::log {

enum class level { debug, info, warn, error };

using value = std::variant<std::string, std::int64_t, double, bool>;

struct field {
    std::string_view name;
    value content;

    field(std::string_view n, std::string_view v) : name(n), content(std::string(v)) {}
    field(std::string_view n, const char* v) : name(n), content(std::string(v)) {}
    field(std::string_view n, bool v) : name(n), content(v) {}
    field(std::string_view n, double v) : name(n), content(v) {}
    template <std::integral Int>
        requires(!std::same_as<Int, bool>)
    field(std::string_view n, Int v) : name(n), content(static_cast<std::int64_t>(v)) {}
};
using fields = std::initializer_list<field>;

/// Sets the program's name in each line and the lowest level written ("debug", "info", "warn", "error").
void start(std::string_view program, std::string_view lowest);
/// Replaces the destination of the lines, by default stderr; for tests. Thread safe.
void send_to(std::function<void(std::string_view line)> sink);

void write(level at, std::string_view event, fields with);
inline void debug(std::string_view event, fields with = {}) { write(level::debug, event, with); }
inline void info(std::string_view event, fields with = {}) { write(level::info, event, with); }
inline void warn(std::string_view event, fields with = {}) { write(level::warn, event, with); }
inline void error(std::string_view event, fields with = {}) { write(level::error, event, with); }

/// For lines that repeat while a server is away: of one event and key at most one a second is written. Its field
/// `not_logged` is the number of lines left out since the one before. Keys are few: they are never forgotten.
void write_repeated(level at, std::string_view event, std::string_view key, fields with);

}  // namespace airi::log
