#include "gateway/auth/session_revocation.hpp"

#include "events/frames/frame.hpp"
#include "gateway/realtime/hub.hpp"
#include "gateway/realtime/open_sockets.hpp"
#include "platform/base/json.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

class session_ends final : public channel_listener {
public:
    explicit session_ends(services& services) : services_(services) {}

    void on_frame(std::string_view, const delivered_frame& delivered) override {
        const auto session = session_id::parse(*delivered.frame);
        if (!session) return;
        services_.accounts.invalidate(*session);
        services_.sockets.end(*session);
    }

private:
    services& services_;
};

class account_changes final : public channel_listener {
public:
    explicit account_changes(services& services) : services_(services) {}

    void on_frame(std::string_view, const delivered_frame& delivered) override {
        if (const auto user = user_id::parse(*delivered.frame)) services_.accounts.forget(*user);
    }

private:
    services& services_;
};

awaitable<> publish(services& services, std::string_view channel, std::string id) {
    std::vector<std::string> command{"PUBLISH", std::string(channel), events::publish_payload(id)};
    co_await services.redis.command(std::move(command));
}

}  // namespace

awaitable<> subscribe_to_account_changes(services& services) {
    co_await services.channels.join(std::string(events::account_channel), std::make_shared<account_changes>(services));
}

awaitable<> publish_account_change(services& services, user_id user) {
    services.accounts.forget(user);
    co_await publish(services, events::account_channel, user.text());
}

awaitable<> subscribe_to_session_ends(services& services) {
    co_await services.channels.join(std::string(events::session_channel), std::make_shared<session_ends>(services));
}

awaitable<> publish_session_end(services& services, session_id session) {
    services.accounts.invalidate(session);
    co_await publish(services, events::session_channel, session.text());
}

awaitable<result<std::size_t>> end_sessions(services& services, user_id user, std::string_view reason,
    std::optional<session_id> only, std::optional<session_id> except) {
    const auto ended = co_await postgres::run_one(
        services.database, user, sql::bind("sessions.end", {{"why", reason}, {"only", only}, {"but", except}}));
    if (!ended) co_return ended.error();
    for (std::size_t i = 0; i < ended->size(); ++i)
        co_await publish_session_end(services, ended->id<session_id>(i, 0).value_or(session_id{}));
    co_return ended->size();
}

awaitable<std::size_t> publish_session_ends(services& services, std::string ids) {
    std::vector<session_id> all;
    if (const auto list = json::document::parse(ids))
        list->root().each(
            [&](json::value id) { all.push_back(session_id::parse(id.string().value_or("")).value_or(session_id{})); });
    for (const auto& session : all) co_await publish_session_end(services, session);
    co_return all.size();
}

}  // namespace airi::gateway
