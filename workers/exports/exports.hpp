// The exports worker: an archive of a user's data, made part by part inside Postgres.
#pragma once

#include "events/exports.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::exports {

/// At least once: each step is one transaction that writes one part and the position of the next, so that no part is
/// lost or repeated when another worker continues. Then an e-mail with the link, and a notice.
awaitable<result<effects>> make_archive(events::export_requested, record, postgres::database&);

worker declare(postgres::database&);

}  // namespace airi::workers::exports
