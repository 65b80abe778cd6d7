// CSV files of reports (RFC 4180).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "platform/base/json.hpp"

namespace airi::gateway {

/// A header and a line for each element of `rows`. A column is a member of it, "sums.calls" one of its member `sums`.
std::string csv_of(json::value rows, std::span<const std::string_view> columns);

}  // namespace airi::gateway
