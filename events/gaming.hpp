// The events of games: what a session was asked to do, and what became of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi {

using gaming_session_id = id<struct gaming_session_tag>;
using game_command_id = id<struct game_command_tag>;

namespace events {

/// The worker that runs a session is woken through this Redis channel once what it is asked for is committed. A message
/// that is lost costs the session two seconds.
inline constexpr std::string_view gaming_channel = "gaming";
struct gaming_wake {
    gaming_session_id session;
    std::string what;  ///< a kind of gaming_requested

    std::string text() const { return session.text() + ' ' + what; }
    static std::optional<gaming_wake> read(std::string_view text);
};

/// For the gaming worker: the session or the command has its row already.
struct gaming_requested {
    gaming_session_id session;
    user_id user;
    std::string kind;       ///< start or end; command: of a former release, which published each of them
    std::string reference;  ///< of a command: its id
    instant requested_at;

    static constexpr std::string_view topic = "gaming.requested.v1";
    static constexpr auto key = &gaming_requested::session;
    static constexpr auto fields = std::tuple{
        field("session_id", &gaming_requested::session),
        field("user_id", &gaming_requested::user),
        field("kind", &gaming_requested::kind, {.max_length = 20}),
        field("reference", &gaming_requested::reference, {.max_length = 36}),
        field("requested_at", &gaming_requested::requested_at),
    };
};

/// A session began or ended, a command ended, a player was granted, revoked or left, or spoke words that may be a
/// command. Those that the session's worker decided have a number, and their inputs: workers/gaming/session_record.hpp.
struct gaming_changed {
    gaming_session_id session;
    user_id user;
    std::string kind;  ///< status, command, player or words
    std::string game;
    std::string status;     ///< of the session
    std::string reference;  ///< of a command: its id
    std::string outcome;    ///< of a command, or the reason of the end; of words: granted, command, heard or blocked
    instant changed_at;
    std::int64_t epoch = 0;   ///< of the session's lease
    std::int64_t number = 0;  ///< from 1 in each epoch; 0: the worker decided nothing
    std::string record;       ///< the inputs, sealed with the user's key; empty: none

    /// The context that the sealed inputs are bound to.
    std::string place() const {
        return std::string(topic) + '/' + session.text() + '/' + std::to_string(epoch) + '/' + std::to_string(number) +
               '/' + kind + '/' + game;
    }

    static constexpr std::string_view topic = "gaming.changed.v1";
    static constexpr auto key = &gaming_changed::session;
    static constexpr auto fields = std::tuple{
        field("session_id", &gaming_changed::session),
        field("user_id", &gaming_changed::user),
        field("kind", &gaming_changed::kind, {.max_length = 20}),
        field("game", &gaming_changed::game, {.max_length = 20}),
        field("status", &gaming_changed::status, {.max_length = 20}),
        field("reference", &gaming_changed::reference, {.max_length = 36}),
        field("outcome", &gaming_changed::outcome, {.max_length = 50}),
        field("changed_at", &gaming_changed::changed_at),
        field("epoch", &gaming_changed::epoch, {.min = 0, .required = false}),
        field("number", &gaming_changed::number, {.min = 0, .required = false}),
        field("record", &gaming_changed::record, {.max_length = 64 * 1024, .required = false}),
    };
};

}  // namespace events
}  // namespace airi
