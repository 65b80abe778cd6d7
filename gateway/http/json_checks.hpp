// What is wrong with a body before its members are looked at. Used by the service, the routes and WebSocket frames.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/problem.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {

/// 422 for a NUL character in any text or name: Postgres has no such text. `text` is what `root` was parsed from.
std::optional<problem> refuse_nul(std::string_view text, json::value root);

/// 422 for each member of an object that is not among `known`, or is there twice. `at` is where the object stands.
std::optional<problem> refuse_unknown(
    json::value object, std::initializer_list<std::string_view> known, std::string_view at = {});

}  // namespace airi::gateway
