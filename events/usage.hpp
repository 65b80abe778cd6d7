// A use of a resource by a user, for the usage worker: recorded and summed exactly once.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

struct usage_recorded {
    user_id user;
    std::string resource;  ///< messages, tokens (of one call for a reply), titles, voice_seconds, …
    std::int64_t quantity = 1;
    std::string provider;
    std::string model;
    std::int64_t tokens_in = 0;
    std::int64_t tokens_out = 0;
    std::int64_t cost_nanousd = 0;
    std::string outcome = "completed";  ///< or the reason; "replaced": the line of this event's id counts no more
    generation_id reference;
    instant occurred_at;
    std::int64_t tokens_cached = 0;     ///< of tokens_in: of the provider's cache
    std::int64_t tokens_reasoning = 0;  ///< of tokens_out: not shown
    std::int64_t price_version = 0;     ///< of the model's prices; 0: none

    static constexpr std::string_view topic = "usage.recorded.v1";
    static constexpr bool batchable = true;
    static constexpr auto key = &usage_recorded::user;
    static constexpr auto fields = std::tuple{
        field("user_id", &usage_recorded::user),
        field("resource", &usage_recorded::resource, {.max_length = 50}),
        field("quantity", &usage_recorded::quantity, {.min = 0}),
        field("provider", &usage_recorded::provider, {.max_length = 100}),
        field("model", &usage_recorded::model, {.max_length = 100}),
        field("tokens_in", &usage_recorded::tokens_in, {.min = 0}),
        field("tokens_out", &usage_recorded::tokens_out, {.min = 0}),
        field("cost_nanousd", &usage_recorded::cost_nanousd, {.min = 0}),
        field("outcome", &usage_recorded::outcome, {.max_length = 100}),
        field("reference", &usage_recorded::reference),
        field("occurred_at", &usage_recorded::occurred_at),
        field("tokens_cached", &usage_recorded::tokens_cached, {.min = 0, .required = false}),
        field("tokens_reasoning", &usage_recorded::tokens_reasoning, {.min = 0, .required = false}),
        field("price_version", &usage_recorded::price_version, {.min = 0, .required = false}),
    };
};

}  // namespace airi::events
