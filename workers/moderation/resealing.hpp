// Stored texts that the key in force has not sealed: evidence of the previous EVIDENCE_KEY, and users' values from
// before values were sealed. Used by the moderation worker, which has both keys.
#pragma once

#include "platform/base/async.hpp"
#include "platform/crypto/keyring.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::workers::moderation {

/// Seals all evidence that the current EVIDENCE_KEY has not sealed; evidence that neither key opens stays as it is.
awaitable<result<>> reseal_evidence(postgres::database&, const seal::keyring& evidence);

/// Seals the second factors' seeds, birth dates, and addresses of parents and contacts that are stored as they are,
/// with their users' keys, and keys the contacts' old hashes; users without a key get one.
awaitable<result<>> seal_rows(postgres::database&, const seal::master&);

}  // namespace airi::workers::moderation
