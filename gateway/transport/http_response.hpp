// The bytes of an answer's head, and the transport's own error answers. Used by the HTTP session.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/application.hpp"
#include "gateway/transport/http_request.hpp"

namespace airi::gateway {

struct head_facts {
    std::string_view request_id;
    std::string_view date;
    bool http_1_0 = false;
    bool keep_alive = true;
    std::optional<std::size_t> length;  ///< Content-Length; none for a body without one
    bool chunked = false;
    std::shared_ptr<const security_headers> security = default_security_headers();
};

/// Appends status line and headers: those of `facts.security` (except those that the response brings itself), the
/// response's headers, and those of `facts`. A header that would break the framing is left out and logged.
void append_head(std::string& out, const response& answer, const head_facts& facts);

/// What keeps proxies from collecting or compressing the events of a stream. Nothing for other streams.
void add_stream_headers(response& head);

/// Appends one chunk (RFC 9112 7.1); an empty piece is the last one.
void append_chunk(std::string& out, std::string_view piece);

/// 1xx, 204 and 304 never have a body (RFC 9110 6.4.1).
bool may_have_body(unsigned status) noexcept;

response error_answer(const refusal& refusal, std::string_view request_id);

}  // namespace airi::gateway
