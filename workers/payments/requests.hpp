// The requests to Stripe: to buy a plan, to change, cancel or continue a subscription, to withdraw from it, to preview
// the cost of a change, to set the payer's address and VAT id, to open the customer portal, to pay once; and those of a
// closed account: to cancel, and to delete its customer.
#pragma once

#include <string>

#include "platform/base/json.hpp"
#include "workers/payments/conclusion.hpp"

namespace airi::workers::payments {

/// A row of payment_requests with its user. `parameters`: the body of the request, with the plan's price and the
/// subscription.
struct ask {
    std::string id, kind, user, email, name, locale;
    std::string customer;  ///< the user's at the provider; empty: none yet
    json::value parameters;

    std::string parameter(std::string_view which) const { return std::string(parameters[which].string().value_or("")); }
    bool flag(std::string_view which) const { return parameters[which].boolean().value_or(false); }
};

/// Adds a number that the request may lack.
void add_number(providers::stripe::parameters& to, std::string name, json::value number);

/// `stripe` must outlive the coroutine, and the document of its parameters too.
awaitable<conclusion> carry_out(ask, const providers::stripe::client& stripe);

}  // namespace airi::workers::payments
