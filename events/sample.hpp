// An event or a client frame with every declared field set, made from the declaration alone: the first recorded payload
// of an event and the tests use it, so that a new declaration needs no sample of its own.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {
namespace samples {

/// Quotes, a backslash, a line feed and letters of two and four bytes, where the limits allow them.
inline void set(std::string_view name, const field_rules& rules, std::string& v) {
    v = std::string(name) + " \"caf\xC3\xA9\" \\ \n \xF0\x9F\x98\x80";
    if (v.size() > rules.max_length) v.assign(rules.max_length, 'x');
    if (v.size() < rules.min_length) v.append(rules.min_length - v.size(), 'x');
}
inline void set(std::string_view, const field_rules& rules, std::int64_t& v) { v = std::max(v, rules.min) + 17; }
inline void set(std::string_view, const field_rules&, double& v) { v += 0.5; }
inline void set(std::string_view, const field_rules&, bool& v) { v = !v; }
inline void set(std::string_view, const field_rules&, instant& v) {
    v = instant{std::chrono::microseconds{1'790'000'000'123'456}};
}
inline void set(std::string_view name, const field_rules&, json_text& v) {
    v.text = "{\"" + std::string(name) + "\":\"Ada \\\"L\\\" <b>\"}";
}
template <class Tag>
void set(std::string_view name, const field_rules&, id<Tag>& v) {
    v = id<Tag>::of(uuid{}, name);
}
template <class Value>
void set(std::string_view name, const field_rules& rules, std::optional<Value>& v) {
    set(name, rules, v.emplace());
}

}  // namespace samples

/// The same value at every call; each field keeps its rules and differs from its default.
template <class Struct>
Struct sample() {
    Struct out;
    std::apply([&](const auto&... f) { (samples::set(f.name, f.rules, out.*(f.member)), ...); }, Struct::fields);
    return out;
}

}  // namespace airi::events
