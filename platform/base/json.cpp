#include "platform/base/json.hpp"

#include <simdjson.h>

#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "platform/base/error_table.hpp"

namespace airi::json {
namespace {

using element = simdjson::dom::element;
static_assert(sizeof(element) == sizeof(std::array<std::uintptr_t, 2>) && std::is_trivially_copyable_v<element>);

constexpr std::size_t max_depth = 64;

constexpr error_row<errc> error_rows[] = {
    {errc::not_json, "not JSON", failure::refused},
    {errc::too_deep, "JSON nested too deeply", failure::refused},
    {errc::wrong_type, "wrong JSON type", failure::refused},
};

element at(const std::array<std::uintptr_t, 2>& place) { return std::bit_cast<element>(place); }

void append_code_unit(std::string& out, unsigned c) { fmt::format_to(std::back_inserter(out), "\\u{:04x}", c); }

// Length of the valid UTF-8 sequence that starts at `at`, or 0 (RFC 3629: no overlong forms, no surrogates).
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
    };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
    const unsigned c = byte(0);
    if (c >= 0xC2 && c <= 0xDF) return tail(1) ? 2 : 0;
    if (c >= 0xE0 && c <= 0xEF) {
        if (!tail(1) || !tail(2) || (c == 0xE0 && byte(1) < 0xA0) || (c == 0xED && byte(1) > 0x9F)) return 0;
        return 3;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        if (!tail(1) || !tail(2) || !tail(3) || (c == 0xF0 && byte(1) < 0x90) || (c == 0xF4 && byte(1) > 0x8F))
            return 0;
        return 4;
    }
    return 0;
}

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.json", error_rows);
    return table.code(e);
}

struct document::state {
    simdjson::dom::parser parser;
};

document::document(std::unique_ptr<state> s) : state_(std::move(s)) {}
document::document(document&&) noexcept = default;
document& document::operator=(document&&) noexcept = default;
document::~document() = default;

result<document> document::parse(std::string_view text) {
    if (text.empty()) return errc::not_json;
    auto made = std::make_unique<state>();
    if (made->parser.allocate(text.size(), max_depth)) return errc::not_json;
    const auto error = made->parser.parse(text.data(), text.size()).error();
    if (error == simdjson::DEPTH_ERROR) return errc::too_deep;
    if (error) return errc::not_json;
    return document(std::move(made));
}

value document::root() const {
    value out;
    out.place_ = std::bit_cast<std::array<std::uintptr_t, 2>>(state_->parser.doc.root());
    out.there_ = true;
    return out;
}

bool value::is_null() const { return there_ && at(place_).is_null(); }

kind value::type() const {
    if (!there_) return kind::null;
    switch (at(place_).type()) {
        case simdjson::dom::element_type::ARRAY: return kind::array;
        case simdjson::dom::element_type::OBJECT: return kind::object;
        case simdjson::dom::element_type::INT64:
        case simdjson::dom::element_type::UINT64: return kind::integer;
        case simdjson::dom::element_type::DOUBLE: return kind::number;
        case simdjson::dom::element_type::STRING: return kind::string;
        case simdjson::dom::element_type::BOOL: return kind::boolean;
        case simdjson::dom::element_type::NULL_VALUE: return kind::null;
    }
    return kind::null;
}

value value::operator[](std::string_view key) const {
    value out;
    element found;
    if (!there_ || !at(place_).is_object() || at(place_).at_key(key).get(found)) return out;
    out.place_ = std::bit_cast<std::array<std::uintptr_t, 2>>(found);
    out.there_ = true;
    return out;
}

std::optional<std::string_view> value::string() const {
    std::string_view out;
    if (!there_ || at(place_).get_string().get(out)) return std::nullopt;
    return out;
}

std::optional<std::int64_t> value::integer() const {
    if (!there_) return std::nullopt;
    std::int64_t whole;
    if (!at(place_).get_int64().get(whole)) return whole;
    double real;
    if (at(place_).get_double().get(real) || real != std::floor(real) || std::fabs(real) > 9e15) return std::nullopt;
    return static_cast<std::int64_t>(real);
}

std::optional<double> value::number() const {
    double out;
    if (!there_ || at(place_).get_double().get(out)) return std::nullopt;
    return out;
}

std::optional<bool> value::boolean() const {
    bool out;
    if (!there_ || at(place_).get_bool().get(out)) return std::nullopt;
    return out;
}

void value::each(const std::function<void(value)>& visit) const {
    simdjson::dom::array list;
    if (!there_ || at(place_).get_array().get(list)) return;
    for (element e : list) {
        value v;
        v.place_ = std::bit_cast<std::array<std::uintptr_t, 2>>(e);
        v.there_ = true;
        visit(v);
    }
}

void value::members(const std::function<void(std::string_view, value)>& visit) const {
    simdjson::dom::object object;
    if (!there_ || at(place_).get_object().get(object)) return;
    for (auto member : object) {
        value v;
        v.place_ = std::bit_cast<std::array<std::uintptr_t, 2>>(member.value);
        v.there_ = true;
        visit(member.key, v);
    }
}

std::size_t value::size() const {
    std::size_t count = 0;
    each([&](value) { ++count; });
    members([&](std::string_view, value) { ++count; });
    return count;
}

std::string value::text() const {
    if (!there_) return "null";
    return simdjson::minify(at(place_));
}

std::string below(std::string_view at, std::string_view name) {
    std::string out(at);
    out += '/';
    for (const char c : name.substr(0, 100)) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out += c;
    }
    return out;
}

void append_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t from = 0;
    const auto flush = [&](std::size_t to) { out.append(text.substr(from, to - from)); };
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            ++i;
            continue;
        }
        if (c >= 0x80) {
            if (const auto length = sequence_length(text, i)) {
                i += length;
                continue;
            }
        }
        flush(i);
        from = ++i;
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default: c >= 0x80 ? void(out += "\xEF\xBF\xBD") : append_code_unit(out, c);
        }
    }
    flush(text.size());
    out += '"';
}

object& object::add_raw(std::string_view key, std::string_view json) {
    if (out_.size() > 1) out_ += ',';
    append_string(out_, key);
    out_ += ':';
    out_ += json;
    return *this;
}

object& object::add(std::string_view key, std::string_view text) {
    if (out_.size() > 1) out_ += ',';
    append_string(out_, key);
    out_ += ':';
    append_string(out_, text);
    return *this;
}

object& object::add(std::string_view key, bool is) { return add_raw(key, is ? "true" : "false"); }

object& object::add(std::string_view key, double is) {
    return add_raw(key, std::isfinite(is) ? fmt::format("{}", is) : "null");
}

std::string object::text() {
    out_ += '}';
    return std::move(out_);
}

array& array::add(std::string_view text) {
    if (!empty()) out_ += ',';
    append_string(out_, text);
    return *this;
}

array& array::add_raw(std::string_view json) {
    if (!empty()) out_ += ',';
    out_ += json;
    return *this;
}

std::string array::text() {
    out_ += ']';
    return std::move(out_);
}

}  // namespace airi::json
