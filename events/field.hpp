// How an event's fields are declared: a wire name, a member, and limits that encoder, decoder and schema share.
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

struct limit {
    std::size_t max_length = 256;  ///< bytes of a string
    std::int64_t min = std::numeric_limits<std::int64_t>::min();
    bool required = true;  ///< false: absent means the member's default; for fields added after a release
};

template <class Event, class Value>
struct field_of {
    std::string_view name;
    Value Event::* member;
    limit bound;
};

template <class Event, class Value>
constexpr field_of<Event, Value> field(std::string_view name, Value Event::* member, limit bound = {}) {
    return {name, member, bound};
}

}  // namespace airi::events
