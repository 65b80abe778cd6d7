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

    /// Appends the lines these bytes complete, without their ends; empty ones and a byte order mark are left
    /// out. A line over the bound is `malformed`, now and for every later call.
    error_code push(std::string_view bytes, std::vector<std::string>& out);
    /// The stream has ended: its last line needs no end.
    void finish(std::vector<std::string>& out);

private:
    void add(std::string line, std::vector<std::string>& out);

    std::size_t most_;
    std::string partial_;
    bool first_line_ = true;
    bool failed_ = false;
};

}  // namespace airi::http
