// Idle keep-alive connections of a client, and the one timer that enforces the deadlines of all its
// connections. Used by the client only.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "platform/http/connection.hpp"

namespace airi::http {

class pool : public std::enable_shared_from_this<pool> {
public:
    pool(executor on, client_options with);

    /// The most recently used idle connection that is still open; null without one.
    std::shared_ptr<connection> take(const std::string& pool_key);
    /// Creates a connection that is not open yet; the pool enforces its deadline from now on.
    std::shared_ptr<connection> make(const std::string& pool_key);
    /// Returns a connection after its answer was read completely.
    void give_back(std::shared_ptr<connection> done);
    /// Closes the idle connections; connections returned later are closed too.
    void close();

private:
    struct idle {
        std::shared_ptr<connection> on;
        moment until;
    };

    void keep_ticking();
    void tick();

    executor on_;
    client_options with_;
    boost::asio::steady_timer timer_;
    bool ticking_ = false;
    bool closed_ = false;
    std::unordered_map<std::string, std::vector<idle>> idle_;
    std::vector<std::weak_ptr<connection>> watched_;
};

}  // namespace airi::http
