// Checks of a JSON body before its fields are read. Used by the dispatcher, the routes and WebSocket frames.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/http/problem.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {

/// 422 for a NUL character in any text or name, which Postgres cannot store. `text` is what `root` was parsed from.
std::optional<problem> refuse_nul(std::string_view text, json::value root);

/// 422 for each field of `object` that is not among `known` or is given more than once. `at` is the object's pointer.
std::optional<problem> refuse_unknown(
    json::value object, std::span<const std::string_view> known, std::string_view at = {});
inline std::optional<problem> refuse_unknown(
    json::value object, std::initializer_list<std::string_view> known, std::string_view at = {}) {
    return refuse_unknown(object, std::span(known.begin(), known.size()), at);
}

}  // namespace airi::gateway
