// Percent-encoding (RFC 3986) for paths, queries and forms that we make. Used wherever a URL is composed.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace airi {

/// All but letters, digits, -._~ and the characters of `keep` is written %XX: `percent_encoded(path, "/")`.
std::string percent_encoded(std::string_view text, std::string_view keep = {});

/// "a=1&b=2" of names that need no encoding and values of any kind.
std::string form_encoded(std::initializer_list<std::pair<std::string_view, std::string_view>> members);

/// `url` with these members at the end of its query, whether it has one already or not.
std::string with_query(std::string url, std::string_view form);

}  // namespace airi
