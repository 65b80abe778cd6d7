// From a request's token to the account behind it.
#pragma once

#include <memory>
#include <variant>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// The token a request brings: of its Authorization header, or else of its cookie; empty when there is none.
struct shown_token {
    std::string text;
    bool by_cookie = false;
};
shown_token token_of(const gateway_options&, const request&);

/// 403 with the reason when the account may not act; for whoever has proved to be that user.
awaitable<std::optional<problem>> check_standing(services&, user_id);

/// The account behind an access token or an API key (`airi_…`), or a 401 (403 when the account may not act, 503 when
/// Postgres is away).
awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate(
    services&, std::string token, const request& request);

/// A key as it is given out once, what may be shown of it, and what is stored: its SHA-256, hex. The last six
/// characters are the checksum by which scanners and we know one without asking the database.
struct api_key {
    secret whole;
    std::string prefix, hash;
};
api_key fresh_api_key();

/// The token of `Authorization: Bearer …`; empty when there is none.
std::string bearer_of(const request&);

/// Whether a browser page of that origin may talk to us: listed, or our own (`host` is the request's Host header).
bool origin_allowed(const gateway_options&, std::string_view origin, std::string_view host);

}  // namespace airi::gateway
