// The privacy worker: an archive of all that is known of a user, made part by part where the data is.
#pragma once

#include "events/exports.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::exports {

/// At least once: each step is one transaction that writes one part and where to go on, so that whoever goes on, after
/// a death too, doubles and loses none. Then a mail with the link, and word to the user's sockets.
awaitable<result<effects>> make_archive(events::export_requested, record, postgres::database&);

worker declare(postgres::database&);

}  // namespace airi::workers::exports
