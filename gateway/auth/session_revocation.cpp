#include "gateway/auth/session_revocation.hpp"

#include "events/frames.hpp"
#include "gateway/realtime/hub.hpp"
#include "gateway/realtime/open_sockets.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {
namespace {

class endings final : public channel_listener {
public:
    explicit endings(services& use) : use_(use) {}

    void hear(std::string_view, const delivered_frame& one) override {
        const auto session = session_id::parse(*one.frame);
        if (!session) return;
        use_.sessions.forget(*session);
        use_.sockets.end(*session);
    }

private:
    services& use_;
};

}  // namespace

awaitable<> hear_session_endings(services& use) {
    co_await use.channels.join(std::string(session_channel), std::make_shared<endings>(use));
}

awaitable<> tell_session_ended(services& use, session_id session) {
    use.sessions.forget(session);
    std::vector<std::string> words{"PUBLISH", std::string(session_channel), events::publish_payload(session.text())};
    co_await use.redis.command(std::move(words));
}

awaitable<std::size_t> tell_sessions_ended(services& use, std::string ids) {
    std::vector<session_id> all;
    if (const auto list = json::document::parse(ids))
        list->root().each(
            [&](json::value id) { all.push_back(session_id::parse(id.string().value_or("")).value_or(session_id{})); });
    for (const auto& session : all) co_await tell_session_ended(use, session);
    co_return all.size();
}

}  // namespace airi::gateway
