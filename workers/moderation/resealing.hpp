// What is stored under a key that is not the one in force: evidence of the previous EVIDENCE_KEY, and users' values
// from before they were sealed. Used by the moderation worker, which has both keys.
#pragma once

#include "platform/base/async.hpp"
#include "platform/crypto/keyring.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::workers::moderation {

/// Seals all that the current EVIDENCE_KEY has not sealed, and keeps what neither key opens.
awaitable<result<>> reseal_evidence(postgres::database&, const seal::keyring& evidence);

/// Seals the second factors' seeds, birth dates and parents' addresses that are stored as they are, with their users'
/// keys; users without a key get one.
awaitable<result<>> seal_rows(postgres::database&, const seal::master&);

}  // namespace airi::workers::moderation
