// A violation that has consequences for its user, for the violations worker.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi {

using violation_id = id<struct violation_tag>;

namespace events {

/// Its row is stored, and the account has its new status. Made by violation_add() in sql/functions/violations.sql.
struct violation_recorded {
    violation_id id;
    user_id user;
    std::string action;  ///< warning, suspension, ban
    std::string category;
    std::string until;  ///< RFC 3339, of a suspension; empty: without an end
    instant recorded_at;

    static constexpr std::string_view topic = "violation.recorded.v1";
    static constexpr auto key = &violation_recorded::user;
    static constexpr auto fields = std::tuple{
        field("violation_id", &violation_recorded::id),
        field("user_id", &violation_recorded::user),
        field("action", &violation_recorded::action, {.max_length = 20}),
        field("category", &violation_recorded::category, {.max_length = 200}),
        field("until", &violation_recorded::until, {.max_length = 40}),
        field("recorded_at", &violation_recorded::recorded_at),
    };
};

}  // namespace events
}  // namespace airi
