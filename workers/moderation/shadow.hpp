// Judges messages again by the rules in force, and compares with the stored decisions. Used by airi-ctl.
#pragma once

#include <memory>

#include "platform/crypto/seal.hpp"
#include "platform/postgres/postgres.hpp"
#include "workers/runtime/shadow.hpp"

namespace airi::workers::moderation {

/// Of the records of chat.requested. The stored scores stand for the provider's answer; those of allowed messages are
/// not stored. A conversation's safety state follows from the records that are read. The references must outlive it.
std::unique_ptr<shadow> open_shadow(postgres::database&, const seal::master&);

}  // namespace airi::workers::moderation
