// Requests that concern a subscription that there is.
#pragma once

#include "workers/payments/requests.hpp"

namespace airi::workers::payments {

/// `subscription`: as the provider has it now.
using of_subscription = awaitable<conclusion> (*)(
    const ask&, json::value subscription, const providers::stripe::client&);
/// None for a kind that is no request of these.
of_subscription step_of(std::string_view kind);

}  // namespace airi::workers::payments
