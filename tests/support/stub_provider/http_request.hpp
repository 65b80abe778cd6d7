// One HTTP/1.1 request as received. Parsing only, no socket.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace airi::stub_provider {

struct http_request {
    std::string method;
    std::string path;
    std::string query;
    std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
    std::string body;
    bool keep_alive = true;

    std::string_view field(std::string_view lower_name) const;  // empty when missing
};

// `head` ends with the empty line; returns nothing when it is not HTTP.
std::optional<http_request> parse_head(std::string_view head);

// Removes a whole chunked body from the front of `bytes` and returns its length in bytes, 0 while it is incomplete. A
// malformed one gives std::nullopt.
std::optional<std::size_t> take_chunked(std::string_view bytes, std::string& body);

}  // namespace airi::stub_provider
