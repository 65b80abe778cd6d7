// How the fields of an event or a client frame are declared: a wire name, a member, and rules that encoder, decoder and
// schema share.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace airi::events {

/// JSON text carried as it is; "null" when empty.
struct json_text {
    std::string text;
    bool operator==(const json_text&) const = default;
};

inline constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

/// An optional member is null on the wire when it is empty, or left out if it is not `required`.
struct field_rules {
    std::size_t min_length = 0;    ///< characters of a string
    std::size_t max_length = 256;  ///< characters of a string, bytes of JSON text
    std::int64_t min = std::numeric_limits<std::int64_t>::min();
    bool required = true;           ///< false: absent means the member's default; for fields added after a release
    bool nullable = false;          ///< null means the member's default
    std::string_view schema = {};   ///< the field's JSON Schema in client frames; empty: as its type gives it
    std::string_view expects = {};  ///< what the value must be, for error messages; empty: as its type gives it
};

template <class Struct, class Value>
struct field_of {
    std::string_view name;
    Value Struct::* member;
    field_rules rules;
};

template <class Struct, class Value>
constexpr field_of<Struct, Value> field(std::string_view name, Value Struct::* member, field_rules rules = {}) {
    return {name, member, rules};
}

}  // namespace airi::events
