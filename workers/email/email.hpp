// The email worker: a requested e-mail in; composed, sent, and recorded as sent in the inbox.
#pragma once

#include "events/email.hpp"
#include "platform/crypto/seal.hpp"
#include "workers/email/send_pool.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::email {

struct ports {
    postgres::database& database;
    send_pool& pool;
    mailbox sender;
    const seal::key& links;
};

/// At least once: a redelivered record sends nothing again, unless the process died between the server's acceptance and
/// the commit. That gap cannot be closed; Message-ID is then the same. An expired e-mail is not sent.
awaitable<result<effects>> deliver(events::email_requested, record, const ports&);

worker declare(const ports&);

}  // namespace airi::workers::email
