// The prompt of a generation: personality and instructions, then as much of the history as the token budget allows. Pure.
#pragma once

#include "sql/generations.hpp"
#include "workers/providers/models.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::chat {

/// The message to answer is always in it; older turns are left out whole, oldest first. A caller's own turns
/// (parameters.turns, the /v1 API) replace the history. Text longer than the budget is left to the provider to refuse.
providers::prompt build_prompt(const sql::generations::claimed&, const providers::priced_model&);

/// Our own count of a prompt's tokens, for the bill when a provider gives none.
std::int64_t estimate_tokens(const providers::prompt&);

}  // namespace airi::workers::chat
