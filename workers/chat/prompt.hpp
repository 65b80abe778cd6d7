// The prompt of a generation: personality, instructions and the summary of what was said before, then as much of the
// history as the token budget allows. Pure.
#pragma once

#include "sql/generations.hpp"
#include "workers/providers/models.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::chat {

/// The message to answer is always in it; older turns are left out whole, oldest first. A caller's own turns
/// (parameters.turns, the /v1 API) replace the history and its summary. Text longer than the budget is left to the
/// provider to refuse.
providers::prompt build_prompt(const sql::generations::claimed&, const providers::priced_model&);

/// Our own count of a prompt's tokens, for the bill when a provider gives none.
std::int64_t estimate_tokens(const providers::prompt&);

}  // namespace airi::workers::chat
