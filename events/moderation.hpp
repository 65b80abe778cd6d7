// The decision of moderation on a message, for counting and review.
#pragma once

#include "events/field.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

struct moderation_decided {
    message_id message;
    user_id user;
    std::string action;    ///< allow, warn, block, review
    std::string category;  ///< the most serious one; empty when allowed
    std::string reason;    ///< for the audit log; never the text itself
    double confidence = 0;

    static constexpr std::string_view topic = "moderation.decided.v1";
    static constexpr bool batchable = true;
    static constexpr auto key = &moderation_decided::user;
    static constexpr auto fields = std::tuple{
        field("message_id", &moderation_decided::message),
        field("user_id", &moderation_decided::user),
        field("action", &moderation_decided::action, {.max_length = 20}),
        field("category", &moderation_decided::category, {.max_length = 50}),
        field("reason", &moderation_decided::reason, {.max_length = 200}),
        field("confidence", &moderation_decided::confidence),
    };
};

}  // namespace airi::events
