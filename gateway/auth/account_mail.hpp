// Mails of accounts, sent by the mail worker. Links: verification, a new password, signing in, each taken here once.
// Notices: what happened to an account.
#pragma once

#include "events/email.hpp"
#include "events/envelope.hpp"
#include "gateway/http/application.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// The request a mail comes of.
struct cause {
    std::string traceparent, request_id;
    instant at;
};

/// Where the link of a mail leads that brings this token.
std::string link_of(const services&, std::string_view kind, std::string_view token);

/// Publishes a mail that brings this token, so that it is sent once. Best effort: what fails is logged.
awaitable<> publish_mail(services&, const events::email_requested&, std::string_view token, const cause&);

/// Asks for a mail with a link of this kind, for the user or, when there is none, for whoever has the address. Nobody
/// waits for it, so that an answer tells nothing of who has an account; without Kafka or Postgres no mail is sent.
void send_link(
    services&, const request& request, std::optional<user_id> user, std::string email, std::string_view kind);

/// Asks for a mail that tells the user what happened; the texts of its kind say which variables they show. Best effort,
/// as a link.
void send_notice(services&, const request& request, user_id, std::string_view kind,
    std::vector<std::pair<std::string_view, std::string>> variables);

}  // namespace airi::gateway
