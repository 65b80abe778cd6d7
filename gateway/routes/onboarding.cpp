// The first steps of a new user.
#include "gateway/routes/tables.hpp"

namespace airi::gateway::routes {
namespace {

constexpr std::array rows{
    route{.method = verb::get,
        .path = "/users/onboarding",
        .also = "/onboarding/status",
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
    route{.method = verb::post,
        .path = "/onboarding/complete",
        .name = "onboarding.complete",
        .access = access::session,
        .body_limit = small_body,
        .body = "OnboardingStepDone",
        .response = "Onboarding",
        .summary = "Mark an onboarding step as done"},
    route{.method = verb::post,
        .path = "/onboarding/avatar",
        .name = "onboarding.avatar",
        .access = access::session,
        .body_limit = small_body,
        .body = "AvatarChoice",
        .response = "Onboarding",
        .summary = "Choose an avatar, and mark the step `avatar` as done"},
    route{.method = verb::patch,
        .path = "/onboarding/preferences",
        .name = "onboarding.preferences",
        .access = access::session,
        .body_limit = small_body,
        .body = "PreferencesUpdate",
        .response = "Onboarding",
        .summary = "Update the preferences, and mark the step `preferences` as done"},
};

}  // namespace

extern const std::span<const route> onboarding{rows};

}  // namespace airi::gateway::routes
