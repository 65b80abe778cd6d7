// The WebSockets of one thread by session, so that a session's end closes them. One thread.
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
    /// Told of each user's socket that comes and that goes; set by whoever counts them.
    std::function<void(const user_id&, const session_bound*)> came, left;

    void add(const session_id& session, const user_id& user, session_bound* one) {
        all_.emplace(session, one);
        if (came) came(user, one);
    }
    void remove(const session_id& session, const user_id& user, session_bound* one) {
        const auto [from, to] = all_.equal_range(session);
        for (auto at = from; at != to; ++at) {
            if (at->second != one) continue;
            all_.erase(at);
            if (left) left(user, one);
            return;
        }
    }
    void end(const session_id& session) {
        const auto [from, to] = all_.equal_range(session);
        std::vector<session_bound*> ending;
        for (auto at = from; at != to; ++at) ending.push_back(at->second);
        for (auto* one : ending) one->session_ended();
    }

private:
    std::unordered_multimap<session_id, session_bound*> all_;
};

}  // namespace airi::gateway
