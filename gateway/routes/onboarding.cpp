// The first steps of a new user.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/users/onboarding",
        .name = "onboarding.get",
        .response = "Onboarding",
        .summary = "The first steps, and which are done"},
    route{.method = verb::put,
        .path = "/users/onboarding/{step}",
        .name = "onboarding.set",
        .access = access::session,
        .body_limit = small_body,
        .body = "OnboardingChange",
        .response = "Onboarding",
        .summary = "A step is done, or not yet"},
};

}  // namespace

const std::span<const route> onboarding{rows};

}  // namespace airi::gateway::routes
