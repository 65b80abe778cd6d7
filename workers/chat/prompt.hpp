// The prompt of a generation: personality, instructions and the summary of earlier turns, then as much of the history
// as the token budget allows. Pure.
#pragma once

#include <optional>

#include "sql/generations.hpp"
#include "workers/providers/models.hpp"
#include "workers/providers/provider.hpp"

namespace airi::workers::chat {

/// Settings of the profile.
struct prompt_rules {
    std::optional<double> temperature;  ///< where the caller gives none; none: the provider's own
    std::string_view distress;          ///< instructions while the conversation's safety state is not NORMAL
};

/// It stays, with the reply it leaves room for, within the context of the plan and of the model. A long message
/// shortens the reply (down to a quarter of the context), then the instructions; older turns are left out whole, oldest
/// first, and the summary when it does not fit in. A prompt without turns: the message alone is too long. A caller's
/// own turns (parameters.turns, the /v1 API) replace the history and its summary, and none of them is left out.
/// While the conversation is not NORMAL, the instructions begin with those for people in distress.
providers::prompt build_prompt(
    const sql::generations::claimed&, const providers::priced_model&, const prompt_rules& = {});

/// Our own estimate of a prompt's tokens, billed when a provider gives no count.
std::int64_t estimate_tokens(const providers::prompt&);

/// True when the caller wants a reply that is JSON.
bool asks_for_json(const providers::prompt&);

}  // namespace airi::workers::chat
