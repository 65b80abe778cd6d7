// The servers of a pool as processes of this machine, which outlive the worker that started them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workers/gaming/server_driver.hpp"

namespace airi::workers::gaming {

struct process_options {
    std::string command;  ///< words separated by blanks, without a shell
    std::string version;  ///< of the game
    std::string address;  ///< at which players and companions reach this machine
};

/// A server has PORT, VERSION, AIRI_SERVER_ID and AIRI_SERVER_POOL as its environment, and no terminal. It is ended by
/// SIGTERM, after ten seconds by SIGKILL.
std::unique_ptr<server_driver> open_process_driver(airi::executor, process_options);

/// A process as nothing else is named, also when its id is used again: "1234@567890", its start in ticks since the
/// boot.
struct process_handle {
    pid_t pid = 0;
    std::uint64_t start = 0;

    std::string text() const;
    static std::optional<process_handle> parse(std::string_view);
};

/// The start and the state letter in a text of /proc/<pid>/stat (proc_pid_stat(5): fields 22 and 3); the program's
/// name, field 2, may have blanks and brackets.
struct process_stat {
    char state = 0;
    std::uint64_t start = 0;
};
std::optional<process_stat> read_stat(std::string_view text);

/// The value of a variable in a text of /proc/<pid>/environ; empty: it has none.
std::string_view variable_of(std::string_view variables, std::string_view name);

}  // namespace airi::workers::gaming
