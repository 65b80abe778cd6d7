// Starts a program beside this one. Used by the workers that run one.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace airi {

struct spawn_options {
    std::string program{};                   ///< a path, or a name that a folder of PATH has
    std::vector<std::string> arguments{};    ///< behind the program's name
    std::vector<std::string> environment{};  ///< NAME=value: all that it gets of one
    int input = -1, output = -1;             ///< descriptors; -1: none, which is /dev/null
    bool error_log = false;                  ///< it writes to this program's; otherwise to /dev/null
    bool own_session = false;                ///< signals for this program's group and terminal do not reach it
};

/// The process id, or -1. The program gets no other descriptor of ours, which would keep our ports open when it
/// outlives us, and the standard action for each signal. The caller waits for its end.
pid_t spawn(const spawn_options&);

}  // namespace airi
