// Which topics the archive seals: all but those whose events hold ids and figures only, beside what is sealed with a
// user's key.
#pragma once

#include <array>
#include <string_view>

namespace airi::workers::archive {

inline constexpr std::array<std::string_view, 8> clear_topics{"chat.requested.v1", "chat.screened.v1",
    "chat.finished.v1", "usage.recorded.v1", "identity.requested.v1", "avatar.uploaded.v1", "payment.requested.v1",
    "operation.requested.v1"};

/// A topic's retries and dead letters follow it.
bool is_sealed(std::string_view topic);

}  // namespace airi::workers::archive
