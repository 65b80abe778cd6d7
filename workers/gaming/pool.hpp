// The pool of servers of a game: asks Postgres each second what is to be done, and does it. Several workers may run
// one.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "platform/postgres/postgres.hpp"
#include "workers/gaming/server_driver.hpp"

namespace airi::workers::gaming {

struct pool_options {
    std::string game;
    std::string version;  ///< of the game; empty: its own
    std::string owner;    ///< this worker's incarnation
    seconds check{5};     ///< between two checks of a server
};

/// One thread. The objects that it is given must outlive it.
class pool {
public:
    pool(postgres::database& database, server_driver& driver, airi::executor executor, pool_options options)
        : database_(database), driver_(driver), executor_(std::move(executor)), options_(std::move(options)) {}

    /// One step, whose starts, stops and checks go on beside.
    awaitable<> step();
    /// Stops the servers of this pool that nobody wants, such as those of a worker that died while it started them.
    awaitable<> reconcile();
    /// Until what goes on beside has ended. Servers keep running.
    awaitable<> drain();

private:
    awaitable<bool> know_place();
    void beside(uuid server, std::function<awaitable<>()> action);
    static awaitable<> run_beside(pool& self, uuid server, std::function<awaitable<>()> action);
    awaitable<> start(uuid server);
    awaitable<> stop(uuid server, std::string handle);
    awaitable<> check(uuid server, running_server one);
    awaitable<result<postgres::rows>> run(postgres::bound statement);

    postgres::database& database_;
    server_driver& driver_;
    airi::executor executor_;
    pool_options options_;
    std::string place_;
    uuid id_;
    std::set<std::string> in_work_;  // servers
    bool draining_ = false;
};

}  // namespace airi::workers::gaming
