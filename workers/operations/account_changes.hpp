// Tells the gateways of a changed account, as the workers do that change one. Used by airi-ctl.
#pragma once

#include <string>
#include <vector>

#include "platform/base/ids.hpp"
#include "platform/base/result.hpp"
#include "platform/base/secret.hpp"

namespace airi::workers::operations {

/// `ended`: the ids of its sessions and keys that have ended, whose sockets are closed. Blocks.
result<> announce_account(const secret& redis_url, user_id, const std::vector<std::string>& ended);

}  // namespace airi::workers::operations
