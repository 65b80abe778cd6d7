// The priced models and which of them may answer a generation, in which order. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/postgres/postgres.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::chat {

struct priced_model {
    std::string provider, model;
    std::int64_t min_rank = 0;
    std::int64_t input_nanousd = 0, output_nanousd = 0;  ///< per token
    std::int64_t context_tokens = 0, reply_tokens = 0;
};

/// The rows of catalogue.models, which come by priority.
std::vector<priced_model> read_models(const postgres::rows&);

/// The asked-for model first (of every provider that has it), then the plan's by priority; only of configured
/// providers. The simulated one answers only when nothing else is configured or it was asked for by name.
std::vector<priced_model> chain(const std::vector<priced_model>& all, const std::vector<std::string_view>& configured,
                                std::int64_t rank, std::string_view wanted);

inline std::int64_t cost(const priced_model& of, const providers::token_count& tokens) {
    return of.input_nanousd * tokens.in + of.output_nanousd * tokens.out;
}

}  // namespace airi::workers::chat
