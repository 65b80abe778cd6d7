// From a request's token to the account behind it.
#pragma once

#include <memory>
#include <variant>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// A request's token: of its Authorization header if it has one, else of its cookie; empty when there is none.
struct request_token {
    std::string text;
    bool by_cookie = false;
};
request_token token_of(const gateway_options&, const request&);

/// The token of `Authorization: Bearer …`; empty when there is none.
std::string bearer_of(const request&);

/// The account behind an access token or an API key. 401 when there is none, 403 when the account is suspended, banned
/// or deleted, 503 when Postgres is away. A token that is not known to be good is counted against the limit of its
/// address before it is looked up, with 429 when that is used up; `limits` gets the decision.
awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate(
    services&, std::string token, const request&, decision& limits);

/// 403 when the caller's API key does not have the scope: `chat`, `read` or `write`. For requests and for the frames of
/// sockets.
std::optional<problem> check_scope(const account&, std::string_view scope);

/// The end of an access token; none for an API key, whose end is the account's.
std::optional<instant> end_of_token(const services&, std::string_view token, instant now);

/// The same for a route that everybody may ask: null without a credential, or with an expired cookie.
awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate_if_any(services&, const request&);

/// 403 with the reason when the account may not be used. Only for callers who have proved to be its user.
awaitable<std::optional<problem>> check_account_status(services&, user_id);

}  // namespace airi::gateway
