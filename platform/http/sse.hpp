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
    std::string type;  ///< "message" unless the stream sent one
    std::string data;
    std::string id;  ///< the last id the stream sent

    bool operator==(const sse_event&) const = default;
};

class sse_parser {
public:
    /// `most` bounds a line, and the data of one event.
    explicit sse_parser(std::size_t most = 1024 * 1024) : most_(most) {}

    /// Appends the events that `bytes` complete. An event without its final blank line is never appended.
    /// `malformed` for a line or an event over the bound, and for every later call.
    error_code push(std::string_view bytes, std::vector<sse_event>& out);
    /// The last reconnection time that the stream sent.
    std::optional<milliseconds> retry() const { return retry_; }

private:
    bool take_line(std::string_view line, std::vector<sse_event>& out);
    bool take_field(std::string_view name, std::string_view value);

    std::size_t most_;
    std::string partial_;  ///< the line that is not complete yet
    bool first_line_ = true;
    bool after_cr_ = false;  ///< a following LF belongs to the CR before it
    bool failed_ = false;
    bool has_data_ = false;
    sse_event next_;
    std::optional<milliseconds> retry_;
};

}  // namespace airi::http
