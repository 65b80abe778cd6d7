// Runs airi-stub-provider, the program that speaks the providers' wire formats, as long as it lives. Used by the
// provider tests.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "platform/base/log.hpp"
#include "platform/http/client.hpp"
#include "tests/support/cpp/places.hpp"

extern char** environ;

namespace airi::tests {

class stub_provider_process {
public:
    stub_provider_process() {
        int ends[2];
        if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_addclose(&actions, ends[0]);
        std::string program = (test::program_folder() / "airi-stub-provider").string();
        char* arguments[] = {program.data(), nullptr};
        const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        std::string line;
        char byte;
        while (!failed && ::read(ends[0], &byte, 1) == 1 && byte != '\n') line += byte;
        ::close(ends[0]);
        constexpr std::string_view expected = "listening on ";
        if (!line.starts_with(expected)) throw std::runtime_error("airi-stub-provider did not start");
        port_ = line.substr(expected.size());
    }
    stub_provider_process(const stub_provider_process&) = delete;
    stub_provider_process& operator=(const stub_provider_process&) = delete;
    ~stub_provider_process() {
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }
    std::string url(std::string_view path) const { return "http://127.0.0.1:" + port_ + std::string(path); }

private:
    pid_t pid_ = -1;
    std::string port_;
};

// One process for all tests, a client of it, and no log.
struct stub_provider_client {
    static stub_provider_process& process() {
        static stub_provider_process one;
        return one;
    }

    boost::asio::io_context on;
    std::unique_ptr<http::client> client = http::open_client(on.get_executor());

    stub_provider_client() {
        log::send_to([](std::string_view) {});
    }
    ~stub_provider_client() { log::send_to({}); }
};

}  // namespace airi::tests
