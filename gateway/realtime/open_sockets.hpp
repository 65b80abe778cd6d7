// The WebSockets of one thread by session, so that the end of a session closes them. One thread.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "platform/base/ids.hpp"

namespace airi::gateway {

class session_bound {
public:
    virtual ~session_bound() = default;
    virtual void session_ended() = 0;
};

class open_sockets {
public:
    /// Called for each socket that is added and removed; set by presence.
    std::function<void(const user_id&, const session_bound*)> on_added, on_removed;

    void add(const session_id& session, const user_id& user, session_bound* socket) {
        all_.emplace(session, socket);
        if (on_added) on_added(user, socket);
    }
    void remove(const session_id& session, const user_id& user, session_bound* socket) {
        const auto [first, last] = all_.equal_range(session);
        for (auto each = first; each != last; ++each) {
            if (each->second != socket) continue;
            all_.erase(each);
            if (on_removed) on_removed(user, socket);
            return;
        }
    }
    /// Calls session_ended() of the session's sockets.
    void end(const session_id& session) {
        const auto [first, last] = all_.equal_range(session);
        std::vector<session_bound*> ending;
        for (auto each = first; each != last; ++each) ending.push_back(each->second);
        for (auto* socket : ending) socket->session_ended();
    }

private:
    std::unordered_multimap<session_id, session_bound*> all_;
};

}  // namespace airi::gateway
