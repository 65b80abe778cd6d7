// JSON in and out without a JSON library in any header. Reading: a strict DOM over untrusted text (RFC 8259, UTF-8
// checked, depth ≤ 64). Writing: appends to a string. Used by events, gateway, providers.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace airi::json {

enum class errc { not_json = 1, too_deep, wrong_type };
error_code make_error_code(errc);

enum class kind { null, boolean, integer, number, string, array, object };

/// A place inside a document; valid while the document lives. A default one is "absent".
class value {
public:
    value() = default;

    bool exists() const noexcept { return there_; }
    bool is_null() const;
    kind type() const;
    /// The member of an object, or an absent value (also when this is no object).
    value operator[](std::string_view key) const;
    std::optional<std::string_view> string() const;
    std::optional<std::int64_t> integer() const;  ///< also 3.0
    std::optional<double> number() const;
    std::optional<bool> boolean() const;
    /// Calls `each` for every element of an array / member of an object; nothing for other kinds.
    void each(const std::function<void(value)>& each) const;
    void members(const std::function<void(std::string_view, value)>& each) const;
    /// Elements of an array or members of an object.
    std::size_t size() const;
    /// This value as compact JSON text.
    std::string text() const;

private:
    friend class document;
    std::array<std::uintptr_t, 2> place_{};
    bool there_ = false;
};

class document {
public:
    /// Parses the whole text; anything after the value, a duplicate-free guarantee excepted, is an error.
    static result<document> parse(std::string_view text);
    document(document&&) noexcept;
    document& operator=(document&&) noexcept;
    ~document();
    value root() const;

private:
    struct state;
    explicit document(std::unique_ptr<state>);
    std::unique_ptr<state> state_;
};

/// Appends `text` as a JSON string with quotes. Invalid UTF-8 is replaced by U+FFFD.
void append_string(std::string& out, std::string_view text);
inline std::string quoted(std::string_view text) {
    std::string out;
    append_string(out, text);
    return out;
}

/// The JSON pointer (RFC 6901) of a member below `at`: ~ and / of its name are written ~0 and ~1. A name too long to be
/// one of ours is cut.
std::string below(std::string_view at, std::string_view name);

/// Builds one JSON object: `object().add("a", 1).add("b", "x").text()`.
class object {
public:
    object& add(std::string_view key, std::string_view text);
    object& add(std::string_view key, const char* text) { return add(key, std::string_view(text)); }
    object& add(std::string_view key, const std::string& text) { return add(key, std::string_view(text)); }
    object& add(std::string_view key, bool is);
    object& add(std::string_view key, double is);
    template <std::integral Int>
        requires(!std::same_as<Int, bool>)
    object& add(std::string_view key, Int is) {
        return add_raw(key, std::to_string(is));
    }
    template <class T>
    object& add(std::string_view key, const std::optional<T>& is) {
        return is ? add(key, *is) : add_raw(key, "null");
    }
    /// `json` is already JSON text.
    object& add_raw(std::string_view key, std::string_view json);
    /// The finished object; call once.
    std::string text();

private:
    std::string out_ = "{";
};

/// Builds one JSON array: `array().add(1).add("x").text()`.
class array {
public:
    array& add(std::string_view text);
    array& add(const char* text) { return add(std::string_view(text)); }
    array& add(const std::string& text) { return add(std::string_view(text)); }
    array& add(bool is) { return add_raw(is ? "true" : "false"); }
    template <std::integral Int>
        requires(!std::same_as<Int, bool>)
    array& add(Int is) {
        return add_raw(std::to_string(is));
    }
    array& add(object& element) { return add_raw(element.text()); }
    /// `json` is already JSON text.
    array& add_raw(std::string_view json);
    bool empty() const noexcept { return out_.size() == 1; }
    /// The finished array; call once.
    std::string text();

private:
    std::string out_ = "[";
};

}  // namespace airi::json

template <>
struct boost::system::is_error_code_enum<airi::json::errc> : std::true_type {};
