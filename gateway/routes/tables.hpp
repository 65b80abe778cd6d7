// The route tables, one per domain.
#pragma once

#include <array>
#include <span>

#include "gateway/api/route.hpp"

namespace airi::gateway::routes {

extern const std::span<const route> accounts, admin, avatars, catalogue, conversations, email_links, exports, identity,
    openai, operations, pages, presence, privacy, security;

inline const std::array tables{accounts, security, email_links, identity, privacy, exports, catalogue, conversations,
    presence, avatars, admin, openai, operations, pages};

}  // namespace airi::gateway::routes
