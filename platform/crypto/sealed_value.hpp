// A value of a user's row that is readable only with the user's key, as the text that its column stores:
// "sealed:users.birth_date:<box>". Used by the gateway, which seals and opens them, by the moderation worker, which
// seals the rows from before there was this, and by the crisis worker, which opens where trusted contacts are reached.
#pragma once

#include "platform/crypto/seal.hpp"

namespace airi::seal {

/// `column` is "table.column". The text opens for this user and column only.
std::string seal_value(const key&, user_id, std::string_view column, std::string_view text);
/// A stored text from before sealing is its own value, for which no key is needed.
result<std::string> open_value(const key*, user_id, std::string_view column, std::string_view stored);

}  // namespace airi::seal
