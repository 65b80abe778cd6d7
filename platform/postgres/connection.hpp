// One connection of the pool: sends transactions to the server in libpq's pipeline mode. Used by pool.cpp, by one
// thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "platform/postgres/postgres.hpp"

namespace airi::postgres {

using answer = result<std::vector<rows>>;

class connection {
public:
    /// `read_only`: no transaction can change anything. Throws std::invalid_argument when the URL cannot be read.
    explicit connection(const secret& url, bool read_only = false);
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Blocks until connected (true), rejected or late, or until `give_up` (called ten times a second) is true.
    bool open(const std::function<bool()>& give_up);
    bool is_open() const;
    /// Whether the server has not closed its end, as far as an idle connection can detect.
    bool alive();
    /// Whether something of the server is there to be read, on an idle connection: mostly its end.
    bool has_input() const;
    /// Why open() failed, for the log.
    std::string reason() const;

    /// All transactions in one flight, each committed by itself. Calls `done` once for each, in their order.
    /// When the connection breaks, the server is silent for too long, or `give_up` is true, the rest are `unavailable`
    /// and the connection is closed.
    void run(std::span<const transaction> batch, const std::function<void(std::size_t, answer)>& done,
        const std::function<bool()>& give_up);

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace airi::postgres
