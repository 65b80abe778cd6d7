// The route tables, one per domain.
#pragma once

#include <array>
#include <span>

#include "gateway/api/route.hpp"

namespace airi::gateway::routes {

extern const std::span<const route> account_deletion, activity, admin, api_keys, auth, avatars, catalogue, companions,
    consents, conversations, email_links, exports, generations, messages, oauth, onboarding, openai, operations, pages,
    presence, profile, sessions, subscription, templates, two_factor, usage;

inline const std::array tables{account_deletion, activity, admin, api_keys, auth, avatars, catalogue, companions,
    consents, conversations, email_links, exports, generations, messages, oauth, onboarding, openai, operations, pages,
    presence, profile, sessions, subscription, templates, two_factor, usage};

}  // namespace airi::gateway::routes
