// Builds prompts again by what is in force, screens stored replies again, and compares with what is stored. Used by
// airi-ctl.
#pragma once

#include <memory>

#include "platform/postgres/postgres.hpp"
#include "workers/runtime/shadow.hpp"

namespace airi::workers::chat {

/// Of the records of chat.screened. The stored reply stands for the provider's. Of a prompt our count of its tokens is
/// stored, not its text, and no parameter: only its length is compared. The database must outlive it.
std::unique_ptr<shadow> open_shadow(postgres::database&);

}  // namespace airi::workers::chat
