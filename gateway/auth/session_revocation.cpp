#include "gateway/auth/session_revocation.hpp"

#include "events/frames/frame.hpp"
#include "gateway/realtime/hub.hpp"
#include "gateway/realtime/open_sockets.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {
namespace {

class endings final : public channel_listener {
public:
    explicit endings(services& services) : services_(services) {}

    void on_frame(std::string_view, const delivered_frame& delivered) override {
        const auto session = session_id::parse(*delivered.frame);
        if (!session) return;
        services_.accounts.invalidate(*session);
        services_.sockets.end(*session);
    }

private:
    services& services_;
};

}  // namespace

awaitable<> hear_session_endings(services& services) {
    co_await services.channels.join(std::string(session_channel), std::make_shared<endings>(services));
}

awaitable<> tell_session_ended(services& services, session_id session) {
    services.accounts.invalidate(session);
    std::vector<std::string> words{"PUBLISH", std::string(session_channel), events::publish_payload(session.text())};
    co_await services.redis.command(std::move(words));
}

awaitable<std::size_t> tell_sessions_ended(services& services, std::string ids) {
    std::vector<session_id> all;
    if (const auto list = json::document::parse(ids))
        list->root().each(
            [&](json::value id) { all.push_back(session_id::parse(id.string().value_or("")).value_or(session_id{})); });
    for (const auto& session : all) co_await tell_session_ended(services, session);
    co_return all.size();
}

}  // namespace airi::gateway
