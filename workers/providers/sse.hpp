// Incremental reader of server-sent events (WHATWG HTML 9.2.6): bytes in, events out, no I/O. Used by the
// providers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

struct sse_event {
    std::string type;  ///< "message" where the stream named none
    std::string data;
    std::string id;  ///< the last one the stream gave

    bool operator==(const sse_event&) const = default;
};

class sse_parser {
public:
    /// `most` bounds a line, and the data of one event.
    explicit sse_parser(std::size_t most = 1024 * 1024) : x_most(most) {}

    /// Appends the events these bytes complete. An event the stream does not finish with a blank line is
    /// never given. A line or an event over the bound is `malformed`, now and for every later call.
    error_code push(std::string_view bytes, std::vector<sse_event>& out);
    /// The reconnection time the stream asked for last.
    std::optional<milliseconds> retry() const { return x_retry; }

private:
    bool take_line(std::string_view line, std::vector<sse_event>& out);
    bool take_field(std::string_view name, std::string_view value);

    std::size_t x_most;
    std::string x_partial;  ///< the line that is not complete yet
    bool x_first_line = true;
    bool x_after_cr = false;  ///< an LF that comes next belongs to the CR before it
    bool x_failed = false;
    bool x_has_data = false;
    sse_event x_next;
    std::optional<milliseconds> x_retry;
};

}  // namespace airi::workers::providers
