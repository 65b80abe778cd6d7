// API keys: `airi_…`, made once, shown once, stored as a hash.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/http/problem.hpp"
#include "gateway/services/services.hpp"

namespace airi::gateway {

/// A new key, the part of it that may be shown later, and what is stored: its SHA-256 in hex. The last six characters
/// are a checksum, by which we and secret scanners recognise a key without asking the database.
struct api_key {
    secret whole;
    std::string prefix, hash;
};
api_key make_api_key();

/// Whether a token claims to be an API key.
bool is_api_key(std::string_view token);

/// The account that owns the key; 401 when the key is unknown, expired, revoked or not for this IP address. A key that
/// was not good a moment ago is counted against the limit of its address before Postgres is asked: 429.
awaitable<std::variant<std::shared_ptr<const account>, problem>> authenticate_api_key(
    services&, std::string key, std::string address, decision& limits);

}  // namespace airi::gateway
