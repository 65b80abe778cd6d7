// Payments: what a provider tells us, and what a user wants of it. Both are for the payments worker.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

/// One thing asked of a payment provider, a row of payment_requests, which holds its parameters and its result.
using payment_request_id = id<struct payment_request_tag>;

/// A webhook whose signature was verified. What it says is a hint only: the worker reads its object again.
struct webhook_received {
    std::string provider;  ///< stripe
    std::string order;     ///< the provider's customer, else its object: what must stay in order
    std::string body;      ///< the bytes as they came
    instant received_at;

    static constexpr std::string_view topic = "webhook.received.v1";
    static constexpr auto key = &webhook_received::order;
    static constexpr auto fields = std::tuple{
        field("provider", &webhook_received::provider, {.min_length = 1, .max_length = 20}),
        field("order", &webhook_received::order, {.max_length = 255}),
        field("body", &webhook_received::body, {.max_length = 524'288}),
        field("received_at", &webhook_received::received_at),
    };
};

struct payment_requested {
    user_id user;
    payment_request_id request;

    static constexpr std::string_view topic = "payment.requested.v1";
    static constexpr auto key = &payment_requested::user;
    static constexpr auto fields = std::tuple{
        field("user_id", &payment_requested::user),
        field("request_id", &payment_requested::request),
    };
};

/// The channel of frames::payment_answered. The result of the request is in Postgres.
inline std::string channel_of(const payment_request_id& request) { return "payment:" + request.text(); }

}  // namespace airi::events
