// E-mails of accounts: each is requested by the statement that makes its reason, and sent by the email worker. Links
// carry a token that is taken once: verification, a new password, signing in, a parent's consent, restoring an account.
// Notices report what happened to an account.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/problem.hpp"
#include "gateway/services/outbox.hpp"

namespace airi::gateway {

/// A link for a mail. Secrets stand in its fragment only, which browsers send to no server.
std::string mail_link(std::string page, std::string_view fragment);

/// A link with a token, sealed for the worker that delivers the mail or message with this id.
std::string seal_link(const services&, const event_id&, std::string_view link);
/// The address of a person without an account, sealed for the mail with this event.
std::string seal_recipient(const services&, const event_id&, std::string_view address);

/// Binds a statement that creates a link of this kind and requests its e-mail: the parameters :hash and :link of a new
/// token, those of add_origin, and :to for a `stranger`, who has no account.
postgres::bound bind_link(const services&, std::string_view statement, std::vector<sql::argument>,
    std::string_view kind, const request_trace&, const std::optional<std::string>& stranger = std::nullopt);

/// The statement that sends such a link to the user or, when there is none, to the account with that address; one of a
/// parent goes to that address. No row: none is sent, for there is no such account, it may not act, or it was sent too
/// many. `binding_hash`: of what the link's follower has to show beside its token.
postgres::bound link_statement(const services&, const request&, std::optional<user_id>, std::string email,
    std::string_view kind, const std::optional<std::string>& binding_hash = std::nullopt);

/// Runs that statement. It takes the same time whether or not an account exists; a problem while Postgres is away.
awaitable<std::optional<problem>> send_link(services&, const request&, std::optional<user_id>, std::string email,
    std::string_view kind, const std::optional<std::string>& binding_hash = std::nullopt);

/// Answers a request for such an e-mail: 202 whether or not an account exists, 503 while Postgres is away.
awaitable<route_result> request_link(
    services&, const request&, std::optional<user_id>, std::string email, std::string_view kind);

/// Binds a statement that requests a notice: the parameters :link (the frontend) and :time (now), and those of
/// add_origin.
postgres::bound bind_notice(const services&, std::string_view statement, std::vector<sql::argument>, const request&);

}  // namespace airi::gateway
