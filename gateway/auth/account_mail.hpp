// E-mails of accounts, sent by the email worker. Links carry a token that is taken once: verification, a new password,
// signing in, a parent's consent. Notices say what happened to an account.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/email.hpp"
#include "events/envelope.hpp"
#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// The request an e-mail comes of.
struct cause {
    std::string traceparent, request_id;
    instant at;

    static cause of(const request& request) { return {request.traceparent, request.id, request.arrived}; }
};

using mail_variables = std::vector<std::pair<std::string_view, std::string>>;

/// The link of an e-mail with this token.
std::string link_of(const services&, std::string_view kind, std::string_view token);

/// Publishes an e-mail; its token makes it unique, so that it is sent once. Best effort: failures are logged.
awaitable<> publish_mail(services&, const events::email_requested&, std::string_view token, const cause&);

/// 503 while e-mails cannot be requested: Postgres or Kafka is away.
std::optional<problem> check_mail(const services&);

/// Sends an e-mail with a link of this kind, to the user or, when there is none, to the account with that address. Runs
/// in the background, so that no response reveals whether an account exists; without Kafka or Postgres none is sent.
void send_link(services&, const request&, std::optional<user_id>, std::string email, std::string_view kind);

/// Answers a request for such an e-mail: 202 whether or not an account exists, 503 as check_mail.
route_result request_link(services&, const request&, std::optional<user_id>, std::string email, std::string_view kind);

/// Sends an e-mail that says what happened; the texts of its kind show the variables. In the background, best effort.
void send_notice(services&, const request&, user_id, std::string_view kind, mail_variables);

}  // namespace airi::gateway
