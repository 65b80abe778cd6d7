// Messages that were stored before their words were. Used by the moderation worker, which stores messages.
#pragma once

#include "platform/base/async.hpp"
#include "platform/postgres/postgres.hpp"

namespace airi::workers::moderation {

/// Stores the words of all messages that have none, some hundred at a time, newest first.
awaitable<result<>> index_messages(postgres::database&);

}  // namespace airi::workers::moderation
