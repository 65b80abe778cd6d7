// The priced models: which of them may answer, and in which order. Used by the workers that call models.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/postgres/postgres.hpp"
#include "sql/generations.hpp"
#include "workers/providers/provider.hpp"
#include "workers/providers/rules.hpp"

namespace airi::workers::providers {

/// Nano-dollars per million tokens of each kind. The kinds are disjoint: a token of the provider's cache is no `input`.
struct token_prices {
    std::int64_t input = 0, output = 0, cached = 0, cache_write = 0, reasoning = 0;
    std::int64_t version = 0;  ///< raised with every change
};

struct priced_model {
    std::string provider, model;
    std::int64_t min_rank = 0;
    token_prices prices{};
    std::int64_t context_tokens = 0, reply_tokens = 0;
    std::string api_id{};  ///< at its provider; empty: the model's name
    std::int64_t priority = 0;
    bool stand_in = false;      ///< answers for plans below min_rank too, when none of their own models can
    std::string tier{};         ///< another name for it; empty: none
    std::string api_version{};  ///< of the provider's API for this model; empty: the provider's own choice

    const std::string& id() const { return api_id.empty() ? model : api_id; }
    bool is_named(std::string_view name) const { return !name.empty() && (name == model || name == tier); }
};

/// The rows of catalogue.models, which come by priority.
std::vector<priced_model> read_models(const postgres::rows&);

/// The price list in force; a reload replaces it as a whole.
using model_list = std::shared_ptr<const std::vector<priced_model>>;
/// Logs provider.has_no_model for a configured provider that no model in the list belongs to: it is never called.
awaitable<result<>> load_models(postgres::database&, const provider_list&, model_list&);

/// The providers that a plan allows (all when it names none), and of them those that are only assumed.
struct provider_names {
    std::vector<std::string_view> configured, assumed;
};
provider_names allowed(const provider_list&, const std::vector<std::string>& by_plan);

struct model_request {
    std::int64_t rank = 0;
    std::string_view requested{};  ///< a model or a tier; empty: the plan's choice
};

/// The models that may answer, in the order in which they are tried: the requested one (of every provider that has it),
/// the default tier, the plan's others, then what stands in for them; each of these by the provider's health, then by
/// priority. Without fallback, only those of the first one's provider and tier. Assumed providers have only requested
/// models; the simulated one is used only when there is no other or its model was requested.
std::vector<priced_model> chain(const std::vector<priced_model>& all, const provider_names&, const model_request&,
    const provider_rules&, const health_table&);

/// The same models, the cheapest first.
std::vector<priced_model> cheapest_first(std::vector<priced_model>);

/// In nano-dollars, rounded once, half up.
std::int64_t cost(const priced_model&, const providers::token_count&);

/// The tokens of a call that has ended.
struct call_usage {
    std::optional<token_count> counted{};  ///< by the provider
    std::string reported{};                ///< its usage as JSON, as it came; empty: none
    bool whole = false;                    ///< the reply is complete, and so is the provider's count
    token_count own{};                     ///< our count; zero for a call that was refused before it produced anything

    /// The provider's count, or ours. An incomplete reply has at least our count of output: Anthropic's interim count
    /// of it is 1.
    token_count tokens() const;
};
/// The call's row, with what it cost.
sql::generations::provider_call priced_call(
    const priced_model&, std::string outcome, const call_usage&, milliseconds latency, std::int64_t epoch);

}  // namespace airi::workers::providers
