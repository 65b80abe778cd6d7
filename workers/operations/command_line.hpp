// The command line of airi-ctl. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.hpp"
#include "workers/operations/replay.hpp"

namespace airi::workers::operations {

enum class command {
    help,
    replay,
    replay_session,
    list_dead_letters,
    show_dead_letters,
    retry_dead_letters,
    park_dead_letters,
    drop_dead_letters,
    list_groups,
    move_group,
    list_topics,
    grow_topic,
    archive_run,
    archive_list,
    archive_verify,
    archive_reseal,
    settle
};

struct command_line {
    operations::command command = operations::command::help;
    std::optional<std::string> topic;
    replay_order order;       ///< its range's topic is the one that is read: of letters the dead-letter topic
    std::string state_file;   ///< keeps the place of a replay; empty: none
    std::int64_t limit = 20;  ///< of the dead letters to be shown
    /// Of move_group: the group of the filter goes on with the records since this time; none: with the topic's first.
    std::optional<instant> at;
    bool from_archive = false;
    bool has_place = false;  ///< --to was given
    int partitions = 0;      ///< of grow_topic; 0: not given
    std::string reprocess;   ///< the table that a replay builds again; empty: none
    std::string as;          ///< the operator's name in the audit log; empty: the login name
    std::string mistake;     ///< empty: there is none
};

/// `arguments`: without the program's name. `at`: the present, before which "2h" is.
command_line read_command_line(const std::vector<std::string>& arguments, instant at);

/// The command of that name of an operation of the administrative API: replay, retry_dead_letters, …
std::optional<command> read_command(std::string_view operation);
/// The decision of a command about the dead letters that it concerns; none: it decides nothing.
std::optional<decision> decides(command);
/// Reads where a group is to go on: "beginning", "end" or a time. False: it is none of these.
bool read_place(command_line&, std::string_view place, instant at);
/// Checks that the command has what it needs and completes the topic of its range. Returns the mistake; empty: none.
std::string complete(command_line&);

/// RFC 3339, or a time before `at`: 90s, 30m, 2h, 7d.
std::optional<instant> read_time(std::string_view text, instant at);

extern const char* const usage;

}  // namespace airi::workers::operations
