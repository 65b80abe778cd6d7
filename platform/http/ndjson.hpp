// Incremental reader of newline-delimited JSON: bytes in, lines out, no I/O. Used by the Ollama provider.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/client.hpp"

namespace airi::http {

class ndjson_parser {
public:
    explicit ndjson_parser(std::size_t most_line = 1024 * 1024) : most_(most_line) {}

    /// Appends the lines that `bytes` complete, without line ends; skips empty lines and a byte order mark.
    /// `malformed` for a line over the bound, and for every later call.
    error_code push(std::string_view bytes, std::vector<std::string>& out);
    /// Call at the end of the stream: appends a last line without a line end.
    void finish(std::vector<std::string>& out);

private:
    void add(std::string line, std::vector<std::string>& out);

    std::size_t most_;
    std::string partial_;
    bool first_line_ = true;
    bool failed_ = false;
};

}  // namespace airi::http
