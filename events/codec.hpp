// Declared fields to and from JSON. Decoding checks every rule and names the faulty field; unknown fields are ignored,
// so that an older reader takes a newer event.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/json.hpp"
#include "platform/base/result.hpp"

namespace airi::events {

/// All of them are `failure::refused`. `decode` logs the field's name.
enum class errc { not_json = 1, missing_field, wrong_type, out_of_bounds };
error_code make_error_code(errc);

/// The first fault of a decoded object.
struct field_fault {
    std::string_view field;
    errc fault{};
    std::string_view expects;  ///< "a UUID": what the value must be
};

namespace wire {

inline void put(json::object& to, std::string_view name, std::string_view v) { to.add(name, v); }
inline void put(json::object& to, std::string_view name, std::int64_t v) { to.add(name, v); }
inline void put(json::object& to, std::string_view name, double v) { to.add(name, v); }
inline void put(json::object& to, std::string_view name, bool v) { to.add(name, v); }
inline void put(json::object& to, std::string_view name, instant v) { to.add(name, to_text(v)); }
inline void put(json::object& to, std::string_view name, const json_text& v) {
    to.add_raw(name, v.text.empty() ? std::string_view("null") : std::string_view(v.text));
}
template <class Tag>
void put(json::object& to, std::string_view name, const id<Tag>& v) {
    to.add(name, v.text());
}

/// Adds one declared field of a struct.
template <class Struct, class Value>
void put_field(json::object& to, const Struct& from, const field_of<Struct, Value>& f) {
    put(to, f.name, from.*(f.member));
}
template <class Struct, class Value>
void put_field(json::object& to, const Struct& from, const field_of<Struct, std::optional<Value>>& f) {
    if (const auto& value = from.*(f.member))
        put(to, f.name, *value);
    else if (f.rules.required)
        to.add_raw(f.name, "null");
}
template <class Struct>
json::object put_fields(const Struct& from) {
    json::object out;
    std::apply([&](const auto&... f) { (put_field(out, from, f), ...); }, Struct::fields);
    return out;
}

errc take(json::value from, const field_rules&, std::string& v);  ///< errc{} is success
errc take(json::value from, const field_rules&, std::int64_t& v);
errc take(json::value from, const field_rules&, double& v);
errc take(json::value from, const field_rules&, bool& v);
errc take(json::value from, const field_rules&, instant& v);
errc take(json::value from, const field_rules&, json_text& v);
errc take_uuid(json::value from, uuid& v);
template <class Tag>
errc take(json::value from, const field_rules&, id<Tag>& v) {
    return take_uuid(from, v.value);
}
/// An empty string is no id.
template <class Tag>
errc take(json::value from, const field_rules&, std::optional<id<Tag>>& v) {
    v.reset();
    if (from.string() == std::string_view{}) return {};
    id<Tag> found;
    const auto fault = take_uuid(from, found.value);
    if (fault == errc{}) v = found;
    return fault;
}

inline std::string_view expected(const std::string&) { return "a string"; }
inline std::string_view expected(std::int64_t) { return "a whole number"; }
inline std::string_view expected(double) { return "a number"; }
inline std::string_view expected(bool) { return "true or false"; }
inline std::string_view expected(instant) { return "a time (RFC 3339)"; }
inline std::string_view expected(const json_text&) { return "JSON"; }
template <class Tag>
std::string_view expected(const id<Tag>&) {
    return "a UUID";
}
template <class Tag>
std::string_view expected(const std::optional<id<Tag>>&) {
    return "a UUID";
}

/// Fills a struct's declared fields from an object's members, up to the first fault.
template <class Struct>
std::optional<field_fault> take_fields(json::value object, Struct& to) {
    std::optional<field_fault> out;
    const auto take_one = [&](const auto& f) {
        if (out) return;
        errc fault{};
        if (const auto found = object[f.name]; !found.exists()) {
            if (f.rules.required) fault = errc::missing_field;
        } else if (!f.rules.nullable || !found.is_null()) {
            fault = take(found, f.rules, to.*(f.member));
        }
        if (fault == errc{}) return;
        out = field_fault{f.name, fault, f.rules.expects.empty() ? expected(to.*(f.member)) : f.rules.expects};
    };
    std::apply([&](const auto&... f) { (take_one(f), ...); }, Struct::fields);
    return out;
}

void report(std::string_view topic, std::string_view field, errc fault);

}  // namespace wire

template <class Event>
std::string encode(const Event& event) {
    return wire::put_fields(event).text();
}

template <class Event>
result<Event> decode(std::string_view text) {
    const auto parsed = json::document::parse(text);
    if (!parsed || parsed->root().type() != json::kind::object) {
        wire::report(Event::topic, "", errc::not_json);
        return errc::not_json;
    }
    Event event;
    if (const auto found = wire::take_fields(parsed->root(), event)) {
        wire::report(Event::topic, found->field, found->fault);
        return found->fault;
    }
    return event;
}

}  // namespace airi::events

template <>
struct boost::system::is_error_code_enum<airi::events::errc> : std::true_type {};
