#include "workers/gaming/gaming.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "sql/statements.hpp"

namespace airi::workers::gaming {
namespace {

constexpr std::int64_t most_at_once = 20;  // taken of what is due, at each look

awaitable<result<effects>> handle(events::gaming_requested event, sessions& running) {
    effects out;
    if (!running.tell(event.session, event.kind, event.reference))
        out.after.announcements.push_back(
            {std::string(events::gaming_channel), events::gaming_wake{event.session, event.kind}.text()});
    co_return out;
}

}  // namespace

void sessions::start(gaming_session_id id) {
    if (draining_ || running_.size() >= most_ || running_.contains(id)) return;
    auto session = std::make_shared<session_run>(id, ports_, executor_);
    running_.emplace(id, session);
    boost::asio::co_spawn(executor_, run(*this, id, std::move(session)), boost::asio::detached);
}

awaitable<> sessions::run(sessions& self, gaming_session_id id, std::shared_ptr<session_run> session) {
    try {
        co_await session->run();
    } catch (const std::exception& e) {
        log::error("gaming.threw", {{"session_id", id.text()}, {"what", e.what()}});
    }
    self.running_.erase(id);
}

bool sessions::tell(const gaming_session_id& session, std::string_view what, std::string_view id) {
    if (what == "start") start(session);
    const auto found = running_.find(session);
    if (found == running_.end()) return false;
    what == "end" ? found->second->look() : found->second->commanded(id);
    return true;
}

awaitable<> sessions::start_due() {
    const auto rows =
        co_await postgres::run_one(ports_.database, std::nullopt, sql::bind("gaming.due", {{"limit", most_at_once}}));
    if (!rows) co_return;
    for (std::size_t i = 0; i < rows->size(); ++i)
        if (const auto id = gaming_session_id::parse(rows->text(i, 0))) start(*id);
}

awaitable<> sessions::drain() {
    draining_ = true;
    const auto held = running_;
    for (const auto& [id, session] : held) session->drain();
    while (!running_.empty()) co_await sleep(milliseconds{10});
}

worker declare(sessions& running) {
    struct handler {
        sessions& running;
        awaitable<result<effects>> operator()(events::gaming_requested event, record) const {
            return handle(std::move(event), running);
        }
    };
    worker out;
    out.name = "gaming";
    out.group = "gaming";
    out.topic = std::string(events::gaming_requested::topic);
    out.handle = on_event<events::gaming_requested>(handler{running});
    return out;
}

}  // namespace airi::workers::gaming
