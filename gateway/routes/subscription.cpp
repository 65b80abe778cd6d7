// The caller's plan.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/subscription/current",
        .also = "/subscription /billing/subscription",
        .name = "subscription.current",
        .rate_group = "subscription",
        .response = "Subscription",
        .summary = "Get the caller's plan with its price and limits"},
};

}  // namespace

extern const std::span<const route> subscription{rows};

}  // namespace airi::gateway::routes
