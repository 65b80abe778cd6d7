// After a restore of the database to an earlier time, Kafka is ahead of it: mails and events that were sent since then
// must not be sent again. Used by airi-ctl.
#pragma once

#include "platform/kafka/access.hpp"
#include "workers/operations/operator_session.hpp"

namespace airi::workers::operations {

struct settled {
    std::int64_t mails = 0;   ///< that count as sent from now on
    std::int64_t events = 0;  ///< of the restored outbox that Kafka has too: they have left the outbox
};

/// While no worker and no relay runs. Every mail that was requested since `since` and that the mail group has read
/// counts as sent, but for those that wait to be retried. Blocks. Errors: those of the broker and the database.
result<settled> settle(const kafka::access&, operator_session&, instant since);

}  // namespace airi::workers::operations
