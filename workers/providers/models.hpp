// The priced models and which of them may answer, in which order. Used by the workers that ask models.
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

/// The price list as it is in force: replaced as a whole when it is loaded again.
using model_list = std::shared_ptr<const std::vector<priced_model>>;
awaitable<result<>> load_models(postgres::database&, model_list& into);

/// The names of those providers that a plan allows: all when it names none.
std::vector<std::string_view> allowed(
    const std::vector<std::unique_ptr<chat_provider>>&, const std::vector<std::string>& by_plan);

/// The asked-for model first (of every provider that has it), then the plan's by priority; only of configured
/// providers. The simulated one answers only when nothing else is configured or it was asked for by name.
std::vector<priced_model> chain(const std::vector<priced_model>& all, const std::vector<std::string_view>& configured,
    std::int64_t rank, std::string_view wanted);

/// The same models, the cheapest first.
std::vector<priced_model> cheapest_first(std::vector<priced_model>);

inline std::int64_t cost(const priced_model& of, const providers::token_count& tokens) {
    return of.input_nanousd * tokens.in + of.output_nanousd * tokens.out;
}

}  // namespace airi::workers::providers
