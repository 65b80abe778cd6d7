// The inputs of a session's decisions, which its records in gaming.changed.v1 have beside the outcomes, sealed with the
// owner's key. Written by the session, read by its replay. Pure.
#pragma once

#include <string>

#include "events/gaming.hpp"
#include "platform/crypto/seal.hpp"
#include "workers/gaming/decisions.hpp"

namespace airi::workers::gaming {

/// The words of a player who may command, or who said the access code. The decision is the event's outcome.
struct words_record {
    player_said said;

    std::string text() const;
    static result<words_record> read(std::string_view json);
};

/// A command with its origin, the decision about it and the game's answer.
struct command_record {
    std::string origin;  ///< user, companion or reply
    std::string verb;
    std::string arguments;             ///< JSON
    std::string tool, tool_arguments;  ///< the model's call behind a companion's command; else empty
    bool blocked = false;              ///< the text it says has a blocked term
    about_command decided;
    std::string result;  ///< JSON, as it is stored: outcome, blocks, error, detail

    std::string text() const;
    static airi::result<command_record> read(std::string_view json);
};

/// Bytes of the inputs of one record; longer ones are left out.
inline constexpr std::size_t most_recorded = 32 * 1024;

/// Sealed for the place of this event; empty when the text is too long.
std::string seal_record(const events::gaming_changed&, std::string_view text, const seal::key&);

}  // namespace airi::workers::gaming
