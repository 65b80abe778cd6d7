// Identifiers: UUIDv7 for what is new, UUIDv5 for what a redelivery must name the same. Used everywhere.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/clock.hpp"

namespace airi {

struct uuid {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const uuid&) const = default;
    bool is_nil() const noexcept { return bytes == std::array<std::uint8_t, 16>{}; }
    /// 36 lower-case characters.
    std::string text() const;
    /// The 36-character form in either case; none for anything else.
    static std::optional<uuid> parse(std::string_view text) noexcept;
    /// Time-ordered (RFC 9562 version 7), random from the operating system.
    static uuid v7(instant when = now());
    /// Derived from a name (RFC 9562 version 5): the same name gives the same id for ever.
    static uuid v5(const uuid& space, std::string_view name);
};

/// An id that cannot be mistaken for another kind's: conversation_id, user_id, …
template <class Tag>
struct id {
    uuid value;

    auto operator<=>(const id&) const = default;
    std::string text() const { return value.text(); }
    bool is_nil() const noexcept { return value.is_nil(); }
    static std::optional<id> parse(std::string_view text) noexcept {
        if (auto found = uuid::parse(text)) return id{*found};
        return std::nullopt;
    }
    static id fresh() { return id{uuid::v7()}; }
    /// The id that belongs to `name` below `space`.
    static id of(const uuid& space, std::string_view name) { return id{uuid::v5(space, name)}; }
};

using user_id = id<struct user_tag>;
using session_id = id<struct session_tag>;
using companion_id = id<struct companion_tag>;
using conversation_id = id<struct conversation_tag>;
using message_id = id<struct message_tag>;
using generation_id = id<struct generation_tag>;
using event_id = id<struct event_tag>;
using alert_id = id<struct alert_tag>;

}  // namespace airi

template <>
struct std::hash<airi::uuid> {
    std::size_t operator()(const airi::uuid& u) const noexcept {
        std::uint64_t half = 0;
        for (int i = 8; i < 16; ++i) half = half << 8 | u.bytes[i];
        return half ^ (std::uint64_t{u.bytes[4]} << 24 | std::uint64_t{u.bytes[0]} << 16 | u.bytes[5]);
    }
};
template <class Tag>
struct std::hash<airi::id<Tag>> {
    std::size_t operator()(const airi::id<Tag>& i) const noexcept { return std::hash<airi::uuid>{}(i.value); }
};
