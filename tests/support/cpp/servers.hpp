// Real servers for integration tests, started by deploy/servers.sh: each in a temporary directory and on a port of its
// own, stopped and removed at the end, pass or fail.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/cpp/shell.hpp"
#include "tests/support/cpp/source_tree.hpp"

namespace airi::test {

class server {
public:
    /// `kind` is kafka, postgres or redis. Returns when the server responds.
    explicit server(std::string kind) : kind_(std::move(kind)) {
        std::string name = (std::filesystem::temp_directory_path() / ("airi-" + kind_ + "-XXXXXX")).string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
        directory_ = name;
        try {
            start();
        } catch (...) {
            remove();
            throw;
        }
    }
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    // Its data is removed, so a broker need not store it in order; Postgres would leave its shared memory behind.
    ~server() {
        call(kind_ == "postgres" ? "stop" : "kill");
        remove();
    }

    /// Restarts after `stop` and `kill` with the same data and port.
    void start() {
        address_ = call("start");
        const auto colon = address_.rfind(':');
        if (colon == std::string::npos) throw std::runtime_error(kind_ + " does not start");
        port_ = std::atoi(address_.c_str() + colon + 1);
        running_ = true;
    }
    /// For a server that several cases share, of which one may have left it stopped.
    void start_again() {
        if (!running_) start();
    }
    void stop() {
        call("stop");
        running_ = false;
    }
    void kill() {
        call("kill");
        running_ = false;
    }
    void pause() { call("pause"); }
    void resume() { call("resume"); }

    int port() const { return port_; }
    /// The output of servers.sh: host:port of Kafka, the URL of the others.
    const std::string& address() const { return address_; }
    /// Of one of the users of Kafka or Redis.
    std::string password_of(const std::string& user) const { return read_text(directory_ / "passwords" / user); }
    const std::filesystem::path& directory() const { return directory_; }

private:
    std::string call(const std::string& verb) const {
        const auto command = "bash '" + (source_root() / "deploy/servers.sh").string() + "' " + kind_ + " " + verb +
                             " '" + directory_.string() + "'";
        return output_of(command);
    }
    void remove() noexcept {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    std::string kind_;
    std::filesystem::path directory_;
    std::string address_;
    int port_ = 0;
    bool running_ = false;
};

}  // namespace airi::test
