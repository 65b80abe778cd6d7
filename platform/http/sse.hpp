// Incremental reader of server-sent events (WHATWG HTML 9.2.6): bytes in, events out, no I/O. Used by the
// providers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.hpp"
#include "platform/http/client.hpp"

namespace airi::http {

struct sse_event {
    std::string type;  ///< "message" where the stream named none
    std::string data;
    std::string id;  ///< the last one the stream gave

    bool operator==(const sse_event&) const = default;
};

class sse_parser {
public:
    /// `most` bounds a line, and the data of one event.
    explicit sse_parser(std::size_t most = 1024 * 1024) : most_(most) {}

    /// Appends the events these bytes complete. An event the stream does not finish with a blank line is
    /// never given. A line or an event over the bound is `malformed`, now and for every later call.
    error_code push(std::string_view bytes, std::vector<sse_event>& out);
    /// The reconnection time the stream asked for last.
    std::optional<milliseconds> retry() const { return retry_; }

private:
    bool take_line(std::string_view line, std::vector<sse_event>& out);
    bool take_field(std::string_view name, std::string_view value);

    std::size_t most_;
    std::string partial_;  ///< the line that is not complete yet
    bool first_line_ = true;
    bool after_cr_ = false;  ///< an LF that comes next belongs to the CR before it
    bool failed_ = false;
    bool has_data_ = false;
    sse_event next_;
    std::optional<milliseconds> retry_;
};

}  // namespace airi::http
