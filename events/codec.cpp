#include "events/codec.hpp"

#include "platform/base/log.hpp"
#include "platform/base/utf8.hpp"

namespace airi::events {
namespace {

struct category_type final : boost::system::error_category {
    const char* name() const noexcept override { return "airi.events"; }
    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::not_json: return "not a JSON object";
            case errc::missing_field: return "missing field";
            case errc::wrong_type: return "wrong type";
            case errc::out_of_bounds: return "out of bounds";
        }
        return "unknown";
    }
    boost::system::error_condition default_error_condition(int) const noexcept override {
        return make_error_condition(failure::refused);
    }
};

}  // namespace

error_code make_error_code(errc e) {
    static const category_type category;
    return {static_cast<int>(e), category};
}

namespace wire {

errc take(json::value from, const field_rules& rules, std::string& v) {
    const auto text = from.string();
    if (!text) return errc::wrong_type;
    const auto length = code_points(*text);
    if (length < rules.min_length || length > rules.max_length) return errc::out_of_bounds;
    v = *text;
    return {};
}

errc take(json::value from, const field_rules& rules, std::int64_t& v) {
    const auto number = from.integer();
    if (!number) return errc::wrong_type;
    if (*number < rules.min) return errc::out_of_bounds;
    v = *number;
    return {};
}

errc take(json::value from, const field_rules&, double& v) {
    const auto number = from.number();
    if (!number) return errc::wrong_type;
    v = *number;
    return {};
}

errc take(json::value from, const field_rules&, bool& v) {
    const auto is = from.boolean();
    if (!is) return errc::wrong_type;
    v = *is;
    return {};
}

errc take(json::value from, const field_rules&, instant& v) {
    const auto text = from.string();
    const auto when = text ? parse_instant(*text) : std::nullopt;
    if (!when) return errc::wrong_type;
    v = *when;
    return {};
}

errc take(json::value from, const field_rules& rules, json_text& v) {
    if (from.is_null()) return v.text.clear(), errc{};
    v.text = from.text();
    return v.text.size() > rules.max_length ? errc::out_of_bounds : errc{};
}

errc take_uuid(json::value from, uuid& v) {
    const auto text = from.string();
    const auto found = text ? uuid::parse(*text) : std::nullopt;
    if (!found) return errc::wrong_type;
    v = *found;
    return {};
}

void report(std::string_view topic, std::string_view field, errc fault) {
    log::warn("event.undecodable", {{"topic", topic}, {"field", field}, {"fault", make_error_code(fault).message()}});
}

}  // namespace wire
}  // namespace airi::events
