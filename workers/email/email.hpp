// The mail worker: a requested mail in; composed, sent, and remembered as sent.
#pragma once

#include "events/email.hpp"
#include "workers/email/send_pool.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::email {

struct ports {
    postgres::database& database;
    sender& out;
    mailbox from;
};

/// At least once: what was sent is remembered, and a redelivered record sends nothing again, unless the process died
/// between the server's yes and the commit. That gap cannot be closed; Message-ID is then the same. A mail that expired
/// is not sent.
awaitable<result<effects>> deliver(events::email_requested, record, const ports&);

worker declare(const ports&);

}  // namespace airi::workers::email
