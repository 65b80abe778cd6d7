// One HTTP/1.1 request as it came over the wire. Parsing only, no socket.
// Used by connection.cpp (reads it) and answer.cpp (serves it).
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

    std::string_view field(std::string_view lower_name) const;  // empty when absent
};

// `head` is everything up to and including the empty line; nothing when it is not HTTP.
std::optional<http_request> parse_head(std::string_view head);

// Takes a whole chunked body from the front of `bytes`: how many bytes it had, 0 = not complete yet.
// A broken one gives std::nullopt.
std::optional<std::size_t> take_chunked(std::string_view bytes, std::string& body);

}  // namespace airi::stub_provider
