// The W3C traceparent: 00-<trace id>-<span id>-<flags>. https://www.w3.org/TR/trace-context/#traceparent-header. Used
// by the reader of requests and by tracing.
#pragma once

#include <string>
#include <string_view>

namespace airi {

/// True for version 00 with ids that are not all zero.
bool is_traceparent(std::string_view text) noexcept;

/// A traceparent with new ids.
std::string new_traceparent(bool sampled);

/// A new id of a span: 16 hexadecimal digits.
std::string new_span_id();

// Of a valid traceparent only.
constexpr std::string_view trace_id_of(std::string_view traceparent) { return traceparent.substr(3, 32); }
constexpr std::string_view span_id_of(std::string_view traceparent) { return traceparent.substr(36, 16); }
inline void set_sampled(std::string& traceparent, bool sampled) { traceparent.replace(53, 2, sampled ? "01" : "00"); }

}  // namespace airi
