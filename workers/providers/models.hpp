// The priced models: which of them may answer, and in which order. Used by the workers that call models.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/postgres/postgres.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::providers {

struct priced_model {
    std::string provider, model;
    std::int64_t min_rank = 0;
    std::int64_t input_nanousd = 0, output_nanousd = 0;  ///< per token
    std::int64_t context_tokens = 0, reply_tokens = 0;
};

/// The rows of catalogue.models, which come by priority.
std::vector<priced_model> read_models(const postgres::rows&);

/// The price list in force; a reload replaces it as a whole.
using model_list = std::shared_ptr<const std::vector<priced_model>>;
awaitable<result<>> load_models(postgres::database&, model_list&);

/// The names of the providers that a plan allows: all when it names none.
std::vector<std::string_view> allowed(const provider_list&, const std::vector<std::string>& by_plan);

/// The requested model first (of every provider that has it), then the plan's models by priority; only of configured
/// providers. The simulated provider is used only when no other is configured or its model was requested.
std::vector<priced_model> chain(const std::vector<priced_model>& all, const std::vector<std::string_view>& configured,
    std::int64_t rank, std::string_view requested);

/// The same models, the cheapest first.
std::vector<priced_model> cheapest_first(std::vector<priced_model>);

inline std::int64_t cost(const priced_model& model, const providers::token_count& tokens) {
    return model.input_nanousd * tokens.in + model.output_nanousd * tokens.out;
}

}  // namespace airi::workers::providers
