// The WebSockets and the streamed replies of one thread by session, so that the end of a session ends them. One thread.
#pragma once

#include <algorithm>
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
        bind(session, socket);
        if (on_added) on_added(user, socket);
    }
    void remove(const session_id& session, const user_id& user, session_bound* socket) {
        if (unbind(session, socket) && on_removed) on_removed(user, socket);
    }
    /// For what ends with a session and is no socket.
    void bind(const session_id& session, session_bound* bound) { all_.emplace(session, bound); }
    bool unbind(const session_id& session, session_bound* bound) {
        const auto [first, last] = all_.equal_range(session);
        const auto found = std::find_if(first, last, [&](const auto& each) { return each.second == bound; });
        if (found == last) return false;
        all_.erase(found);
        return true;
    }
    /// Calls session_ended() of all that is bound to the session.
    void end(const session_id& session) {
        const auto [first, last] = all_.equal_range(session);
        std::vector<session_bound*> ending;
        for (auto each = first; each != last; ++each) ending.push_back(each->second);
        for (auto* bound : ending) bound->session_ended();
    }

private:
    std::unordered_multimap<session_id, session_bound*> all_;
};

}  // namespace airi::gateway
