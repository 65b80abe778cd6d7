// The decisions of a session about players' words and about commands, made from their inputs alone: when these arrive,
// and again by the session's replay. Pure.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.hpp"

namespace airi::workers::gaming {

struct player_said {
    std::string player, text;
    std::string code;          ///< the access code at that time
    bool may_command = false;  ///< the player, at that time
    bool blocked = false;      ///< the text has a blocked term
    instant at;
};

/// granted: the player may command from now on. command: the words become a message of the owner's. heard: nothing
/// follows.
enum class about_words { granted, command, heard, blocked };
std::string_view name_of(about_words);

/// Words that are a command cost a call of a model: six in ten seconds are taken, of all players together.
class words_budget {
public:
    /// False: there is nothing left.
    bool take(instant at);

private:
    std::deque<instant> taken_;
};

about_words decide(const player_said&, words_budget&);

struct asked_command {
    std::string game, verb;
    std::string arguments;  ///< JSON
    bool blocked = false;   ///< the text it says has a blocked term
    int blocks_used = 0;    ///< broken and placed in the session before it
};

/// A refusal has an `error`; else the lines are said, or the verb is carried out.
struct about_command {
    std::string error;               ///< BAD_ARGUMENTS, TEXT_NOT_ALLOWED; empty: none
    std::string mistake;             ///< of bad arguments
    std::vector<std::string> lines;  ///< of say
    int blocks = 0;                  ///< the most that it may break and place
    bool operator==(const about_command&) const = default;
};
about_command decide(const asked_command&);

/// The text of a say; empty for another verb, or without a text.
std::string text_said(std::string_view verb, std::string_view arguments);

}  // namespace airi::workers::gaming
