// The first steps of a new user.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/users/onboarding",
        .name = "onboarding.get",
        .response = "Onboarding",
        .summary = "List the onboarding steps and their state"},
    route{.method = verb::put,
        .path = "/users/onboarding/{step}",
        .name = "onboarding.set",
        .access = access::session,
        .body_limit = small_body,
        .body = "OnboardingChange",
        .response = "Onboarding",
        .summary = "Mark an onboarding step as done or not done"},
};

}  // namespace

extern const std::span<const route> onboarding{rows};

}  // namespace airi::gateway::routes
