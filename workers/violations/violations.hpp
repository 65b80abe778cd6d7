// The violations worker: a violation in; its user is informed, with a link to appeal where the account may not act any
// more, and gateways close the account's sockets. The account has its new status before (sql/functions/violations.sql).
#pragma once

#include <string>
#include <vector>

#include "events/violations.hpp"
#include "platform/crypto/seal.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::violations {

struct ports {
    postgres::database& database;
    const seal::key& links;    ///< seals the link for the email worker
    const seal::key& appeals;  ///< of which the links' tokens are made
    std::string page;          ///< the URL of the page for appeals
};

/// The user to be informed.
struct recipient {
    std::string email, locale, name;
    std::vector<std::string> ended;  ///< sessions and keys that the gateways have to forget
};

/// The token of the link to appeal: the same each time, and no other's without the key.
std::string token_of(const violation_id&, const seal::key& appeals);

/// A notice in the app for a warning; else a mail with the link, and the account's sockets are closed. The same however
/// often the violation is delivered.
after_commit inform(const events::violation_recorded&, const recipient&, const ports&, std::string_view traceparent);

worker declare(const ports&);

}  // namespace airi::workers::violations
