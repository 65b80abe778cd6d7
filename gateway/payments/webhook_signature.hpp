// The signature of Stripe's webhooks (https://docs.stripe.com/webhooks/signature): the header is "t=<unix
// seconds>,v1=<hex>[,v1=…]", v1 the HMAC-SHA-256 of "<t>.<body>" under the endpoint's secret.
#pragma once

#include <span>
#include <string_view>

#include "platform/base/clock.hpp"
#include "platform/base/secret.hpp"

namespace airi::gateway {

enum class signature { good, malformed, wrong, outdated };

/// Good when one of its v1 fits one of the secrets and t is within five minutes of `now`, before or after. Empty
/// secrets fit nothing.
signature check_webhook_signature(
    std::string_view header, std::string_view body, std::span<const secret> secrets, instant now);

}  // namespace airi::gateway
