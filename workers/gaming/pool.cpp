#include "workers/gaming/pool.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "sql/statements.hpp"
#include "workers/gaming/list_ping.hpp"

namespace airi::workers::gaming {
namespace {

constexpr milliseconds longest_check{3'000}, pause{200};

}  // namespace

awaitable<result<postgres::rows>> pool::run(postgres::bound statement) {
    co_return co_await postgres::run_one(database_, std::nullopt, std::move(statement));
}

// An action ends before another one of the same server begins.
void pool::beside(uuid server, std::function<awaitable<>()> action) {
    if (in_work_.insert(server.text()).second)
        boost::asio::co_spawn(executor_, run_beside(*this, server, std::move(action)), boost::asio::detached);
}

awaitable<> pool::run_beside(pool& self, uuid server, std::function<awaitable<>()> action) {
    try {
        co_await action();
    } catch (const std::exception& e) {
        log::error("game_pool.threw", {{"server_id", server.text()}, {"what", e.what()}});
    }
    self.in_work_.erase(server.text());
}

awaitable<bool> pool::know_place() {
    if (!place_.empty()) co_return true;
    const auto place = co_await driver_.place();
    if (!place) {
        log::warn("game_pool.no_driver", {{"driver", driver_.name()}, {"error", place.error().message()}});
        co_return false;
    }
    const auto row = co_await run(sql::bind("game_pool.id", {{"game", options_.game}}));
    const auto id = row && !row->empty() ? uuid::parse(row->text(0, 0)) : std::nullopt;
    if (!id) co_return false;
    id_ = *id;
    place_ = *place;
    co_return true;
}

awaitable<> pool::step() {
    if (draining_ || !co_await know_place()) co_return;
    const auto row = co_await run(sql::bind("game_pool.step",
        {{"game", options_.game}, {"driver", driver_.name()}, {"place", place_}, {"owner", options_.owner},
            {"version", options_.version}, {"check", sql::interval_text(options_.check)}}));
    if (!row || row->empty()) co_return;
    const auto parsed = json::document::parse(row->text(0, 0));
    if (!parsed) co_return;
    const auto each = [&](std::string_view part, auto action) {
        parsed->root()[part].each([&](json::value one) {
            const auto text = [&](std::string_view name) { return std::string(one[name].string().value_or("")); };
            const auto id = uuid::parse(text("id"));
            const auto port = static_cast<int>(one["port"].integer().value_or(0));
            if (id)
                beside(*id, [=, at = running_server{text("handle"), text("host"), port}] { return action(*id, at); });
        });
    };
    each("start", [this](uuid id, const running_server&) { return start(id); });
    each("stop", [this](uuid id, const running_server& one) { return stop(id, one.handle); });
    each("check", [this](uuid id, const running_server& one) { return check(id, one); });
}

awaitable<> pool::start(uuid server) {
    const auto started = co_await driver_.start(id_, server);
    if (!started) {
        log::error("game_pool.start_failed",
            {{"server_id", server.text()}, {"driver", driver_.name()}, {"error", started.error().message()}});
        // Nothing is left of the attempt before the row says so.
        if (co_await driver_.stop(server, {})) co_await run(sql::bind("game_pool.gone", {{"id", server}}));
        co_return;
    }
    log::info("game_pool.started",
        {{"server_id", server.text()}, {"handle", started->handle}, {"host", started->host}, {"port", started->port}});
    while (!draining_) {
        const auto row = co_await run(
            sql::bind("game_pool.started", {{"id", server}, {"owner", options_.owner}, {"handle", started->handle},
                                               {"host", started->host}, {"port", started->port}}));
        if (row && row->text(0, 0) == "t") co_return;
        if (row) {
            co_await driver_.stop(server, started->handle);
            co_return;
        }
        co_await sleep(pause);
    }
}

awaitable<> pool::stop(uuid server, std::string handle) {
    const auto stopped = co_await driver_.stop(server, std::move(handle));
    if (!stopped) {
        log::error("game_pool.stop_failed", {{"server_id", server.text()}, {"error", stopped.error().message()}});
        co_return;
    }
    log::info("game_pool.stopped", {{"server_id", server.text()}});
    co_await run(sql::bind("game_pool.gone", {{"id", server}}));
}

awaitable<> pool::check(uuid server, running_server one) {
    const auto running = co_await driver_.is_running(one.handle);
    if (!running) {
        // Of the engine, not of the server: nothing is known about it.
        log::warn("game_pool.not_checked", {{"server_id", server.text()}, {"error", running.error().message()}});
        co_return;
    }
    std::string_view is = "gone";
    if (*running) {
        const auto within = std::min<milliseconds>(longest_check, options_.check);
        is = co_await takes_players(executor_, options_.game, one.host, one.port, within) ? "well" : "ill";
    }
    if (is != "well") log::warn("game_pool.unhealthy", {{"server_id", server.text()}, {"is", is}});
    co_await run(sql::bind("game_pool.checked", {{"id", server}, {"is", is}}));
}

awaitable<> pool::reconcile() {
    if (draining_ || !co_await know_place()) co_return;
    const auto found = co_await driver_.list(id_);
    if (!found) {
        log::warn("game_pool.not_listed", {{"driver", driver_.name()}, {"error", found.error().message()}});
        co_return;
    }
    if (found->empty()) co_return;
    std::vector<std::string> ids;
    for (const auto& each : *found) ids.push_back(each.text());
    const auto rows = co_await run(sql::bind("game_pool.orphans", {{"game", options_.game}, {"found", ids}}));
    for (std::size_t i = 0; rows && i < rows->size(); ++i)
        if (const auto id = uuid::parse(rows->text(i, 0)))
            beside(*id, [this, server = *id] { return stop(server, {}); });
}

awaitable<> pool::drain() {
    draining_ = true;
    while (!in_work_.empty()) co_await sleep(milliseconds{10});
}

}  // namespace airi::workers::gaming
