// Text helpers: JSON strings, dates, ids, words.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace airi::stub_provider {

using wall_clock = std::chrono::system_clock;

void append_escaped(std::string& out, std::string_view text);  // inside the quotes of a JSON string
std::string json_string(std::string_view text);                // with the quotes

std::string http_date(wall_clock::time_point when);  // RFC 9110 IMF-fixdate
std::string rfc3339(wall_clock::time_point when);    // UTC, milliseconds
std::int64_t unix_seconds(wall_clock::time_point when);

// Unique in this process and across restarts; `digits` hexadecimal characters.
std::string fresh_hex(std::size_t digits);
std::string fresh_uuid();

std::vector<std::string_view> words_of(std::string_view text);
std::size_t count_words(std::string_view text);
std::string percent_decoded(std::string_view text);
std::string_view trimmed(std::string_view text);
std::string_view query_value(std::string_view query, std::string_view name);

}  // namespace airi::stub_provider
