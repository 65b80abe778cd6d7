// Percent-encoding (RFC 3986) of paths, queries and forms, and its inverse. Used wherever a URL is composed or read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace airi {

/// All but letters, digits, -._~ and the characters of `keep` is written %XX: `percent_encoded(path, "/")`.
std::string percent_encoded(std::string_view text, std::string_view keep = {});

/// None when a '%' is not followed by two hexadecimal digits. A '+' stays.
std::optional<std::string> percent_decoded(std::string_view text);

/// "a=1&b=2" of names that need no encoding and values of any kind.
std::string form_encoded(std::initializer_list<std::pair<std::string_view, std::string_view>> members);

/// `url` with these members at the end of its query, whether it has one already or not.
std::string with_query(std::string url, std::string_view form);

}  // namespace airi
