// Links by e-mail: verification, a new password, signing in. Sent by the mail worker, taken here, each once.
#pragma once

#include "gateway/router.hpp"

namespace airi::gateway::routes {

/// Asks for a mail with a link of this kind, for the user or, when there is none, for whoever has the address. Nobody waits
/// for it, so that an answer tells nothing of who has an account; without Kafka or Postgres no mail is sent.
void send_link(exchange&, std::optional<user_id> user, std::string email, std::string_view kind);

}  // namespace airi::gateway::routes
