// The part of the profile that the gateway needs: limits for callers without an account, models, settings and flags.
// Loaded at start and reloaded every few seconds; readers hold a snapshot. Thread safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/http/security_headers.hpp"
#include "gateway/services/account_cache.hpp"
#include "gateway/services/feature_flags.hpp"
#include "gateway/services/rate_limiter.hpp"
#include "platform/base/json.hpp"
#include "platform/postgres/postgres.hpp"
#include "platform/safety/blocked_terms.hpp"
#include "sql/crisis.hpp"

namespace airi::gateway {

/// A model or a tier (setting ai_tiers) at one provider.
struct model_name {
    std::string name, provider;
    std::int64_t min_rank = 0;
    bool connected = true;  ///< a worker has its provider
};

/// The answers that a product documents: its headers, origins and name.
struct product_answers {
    std::shared_ptr<const security_headers> headers = default_security_headers();
    std::string content_policy;        ///< of every answer; empty: it documents none
    std::vector<std::string> origins;  ///< CORS and WebSocket, unless ALLOWED_ORIGINS names others
    std::string service = "airi";      ///< the name in the health report
};

struct catalogue_rows {
    std::map<std::string, rate, std::less<>> rates;  ///< of unauthenticated requests, by IP address
    std::vector<model_name> models;                  ///< by priority, the tiers last
    std::vector<feature_flag> flags;
    std::string public_settings = "{}";      ///< JSON
    std::optional<json::document> settings;  ///< all of them, by name
    product_answers answers;
    bool loaded = false;
    std::vector<sql::crisis::resource> crisis;  ///< the help lines of all countries
    std::shared_ptr<const safety::blocked_terms> blocked = std::make_shared<const safety::blocked_terms>();

    /// The models and tiers that the plan of this account may name and a worker's providers have, each name once, by
    /// priority.
    std::vector<model_name> offered_to(const account&) const;
    /// Whether the plan of this account may name the model. One that no provider here has is answered by another of the
    /// plan, which the reply names.
    bool offers(std::string_view model, const account&) const;

    /// The value of a setting of sql/functions/settings.sql, which is of this type; before it is loaded none.
    std::int64_t number(std::string_view setting) const { return value(setting).integer().value_or(0); }
    bool boolean(std::string_view setting) const { return value(setting).boolean().value_or(false); }
    std::string_view text(std::string_view setting) const { return value(setting).string().value_or(""); }
    /// Whether the list has the text.
    bool lists(std::string_view setting, std::string_view text) const;

private:
    json::value value(std::string_view setting) const { return settings ? settings->root()[setting] : json::value{}; }
};

/// 422: a body's `model` is none that the caller may name.
problem model_not_offered();

class catalogue {
public:
    std::shared_ptr<const catalogue_rows> rows() const { return std::atomic_load(&rows_); }
    /// Replaces the snapshot; on an error the old one stays.
    awaitable<result<>> load(postgres::database&);

private:
    std::shared_ptr<const catalogue_rows> rows_ = std::make_shared<catalogue_rows>();
};

}  // namespace airi::gateway
