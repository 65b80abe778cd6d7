// The prompt of a generation: personality, instructions and the summary of earlier turns, then as much of the history
// as the token budget allows. Pure.
#pragma once

#include "sql/generations.hpp"
#include "workers/providers/models.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::chat {

/// The message to answer is always in it; older turns are left out whole, oldest first. A caller's own turns
/// (parameters.turns, the /v1 API) replace the history and its summary. A message longer than the budget goes to the
/// provider, which may refuse it.
providers::prompt build_prompt(const sql::generations::claimed&, const providers::priced_model&);

/// Our own estimate of a prompt's tokens, billed when a provider gives no count.
std::int64_t estimate_tokens(const providers::prompt&);

}  // namespace airi::workers::chat
