// Events to and from JSON, by their declared fields. Decoding checks every limit and names the faulty field; unknown
// fields are ignored, so that an older reader takes a newer event.
#pragma once

#include <string>
#include <string_view>
#include <tuple>

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/json.hpp"
#include "platform/base/result.hpp"

namespace airi::events {

/// `not_json`, `missing_field`, `wrong_type`, `out_of_bounds`: all refused. The field's name is logged by the reader.
enum class errc { not_json = 1, missing_field, wrong_type, out_of_bounds };
error_code make_error_code(errc);

namespace wire {

inline void put(json::object& to, std::string_view name, const std::string& v) { to.add(name, v); }
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

errc take(json::value from, const limit&, std::string& v);  ///< errc{} is success
errc take(json::value from, const limit&, std::int64_t& v);
errc take(json::value from, const limit&, double& v);
errc take(json::value from, const limit&, bool& v);
errc take(json::value from, const limit&, instant& v);
errc take(json::value from, const limit&, json_text& v);
errc take_uuid(json::value from, uuid& v);
template <class Tag>
errc take(json::value from, const limit&, id<Tag>& v) {
    return take_uuid(from, v.value);
}

void report(std::string_view topic, std::string_view field, errc fault);

}  // namespace wire

template <class Event>
std::string encode(const Event& event) {
    json::object out;
    std::apply([&](const auto&... f) { (wire::put(out, f.name, event.*(f.member)), ...); }, Event::fields);
    return std::move(out).text();
}

template <class Event>
result<Event> decode(std::string_view text) {
    auto parsed = json::document::parse(text);
    if (!parsed || parsed->root().type() != json::kind::object) {
        wire::report(Event::topic, "", errc::not_json);
        return errc::not_json;
    }
    Event event;
    errc fault{};
    const auto one = [&](const auto& f) {
        if (fault != errc{}) return;
        const auto found = parsed->root()[f.name];
        if (!found.exists()) {
            if (f.bound.required) fault = errc::missing_field;
        } else {
            fault = wire::take(found, f.bound, event.*(f.member));
        }
        if (fault != errc{}) wire::report(Event::topic, f.name, fault);
    };
    std::apply([&](const auto&... f) { (one(f), ...); }, Event::fields);
    if (fault != errc{}) return fault;
    return event;
}

}  // namespace airi::events

template <>
struct boost::system::is_error_code_enum<airi::events::errc> : std::true_type {};
