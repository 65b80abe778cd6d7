// Runs airi-standin, the program that speaks the providers' wire formats, as long as it lives. Used by the
// provider tests.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

extern char** environ;

namespace airi::tests {

class standin_process {
public:
    standin_process() {
        int ends[2];
        if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_addclose(&actions, ends[0]);
        std::string program = AIRI_BIN_DIR "/airi-standin";
        char* arguments[] = {program.data(), nullptr};
        const int failed = ::posix_spawn(&x_pid, program.c_str(), &actions, nullptr, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        std::string line;
        char byte;
        while (!failed && ::read(ends[0], &byte, 1) == 1 && byte != '\n') line += byte;
        ::close(ends[0]);
        constexpr std::string_view expected = "listening on ";
        if (!line.starts_with(expected)) throw std::runtime_error("airi-standin did not start");
        x_port = line.substr(expected.size());
    }
    standin_process(const standin_process&) = delete;
    standin_process& operator=(const standin_process&) = delete;
    ~standin_process() {
        ::kill(x_pid, SIGTERM);
        ::waitpid(x_pid, nullptr, 0);
    }
    std::string url(std::string_view path) const { return "http://127.0.0.1:" + x_port + std::string(path); }

private:
    pid_t x_pid = -1;
    std::string x_port;
};

}  // namespace airi::tests
