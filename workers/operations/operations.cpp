#include "workers/operations/operations.hpp"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <mutex>
#include <utility>

#include "platform/base/log.hpp"
#include "sql/statements.hpp"
#include "workers/operations/places.hpp"
#include "workers/operations/request.hpp"
#include "workers/runtime/errors.hpp"

namespace airi::workers::operations {
namespace {

constexpr int most_attempts = 5;
constexpr seconds store_limit{10};

// The state that the library's thread and the coroutines share.
class running {
public:
    explicit running(const executor& executor) : heartbeat(executor) {}

    bool stops() const { return stops_; }
    void stop() { stops_ = true; }
    void show(std::string progress) {
        const std::lock_guard lock(mutex_);
        progress_ = std::move(progress);
    }
    std::string progress() const {
        const std::lock_guard lock(mutex_);
        return progress_;
    }

    boost::asio::steady_timer heartbeat;
    bool done = false, lost = false, drained = false;  // of the coroutines

private:
    std::atomic<bool> stops_ = false;
    mutable std::mutex mutex_;
    std::string progress_ = "{}";
};

// Extends the lease and stores the progress until the operation is done. Stops it when it is cancelled, when another
// worker has it, or when this one drains.
awaitable<> keep_lease(const ports& ports, operation_id id, std::shared_ptr<running> run) {
    while (!run->done) {
        run->heartbeat.expires_after(ports.heartbeat);
        co_await run->heartbeat.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        if (run->done) co_return;
        if (ports.draining()) {
            run->drained = true;
            run->stop();
        }
        const auto rows = co_await postgres::run_one(ports.database, std::nullopt,
            sql::bind("operations.heartbeat",
                {{"id", id}, {"worker", ports.owner}, {"lease", sql::interval_text(ports.lease)},
                    {"progress", run->progress()}}));
        if (!rows) continue;
        run->lost = run->lost || rows->empty() || rows->is_null(0, 0);
        if (run->lost || rows->text(0, 0) == "cancelling") run->stop();
    }
}

awaitable<result<>> store(const ports& ports, operation_id id, replay_place place) {
    const auto rows = co_await postgres::run_one(ports.database, std::nullopt,
        sql::bind("operations.store", {{"id", id}, {"worker", ports.owner}, {"place", positions_json(place.reached)}}));
    if (!rows) co_return rows.error();
    if (!rows->boolean(0, 0)) co_return workers::errc::leased;
    co_return result<>{};
}

// On one of the library's threads. Each place is stored before the next batch is published.
awaitable<result<answer>> run_library(
    const ports& ports, operation_id id, command_line asked, kafka::positions reached, std::shared_ptr<running> run) {
    const auto executor = co_await boost::asio::this_coro::executor;
    replay_watch watch;
    watch.store = [&, executor](const replay_place& place) -> result<> {
        auto stored = boost::asio::co_spawn(executor, store(ports, id, place), boost::asio::use_future);
        // The process may be ending, its loop with it.
        if (stored.wait_for(store_limit) != std::future_status::ready) return postgres::errc::unavailable;
        return stored.get();
    };
    watch.progress = [run](const replay_summary& so_far, std::int64_t left) {
        run->show(progress_json(so_far, left));
        return !run->stops();
    };
    co_return co_await from_callback<result<answer>>([&](auto resume) mutable {
        boost::asio::post(ports.threads, [&, resume = std::move(resume)] {
            try {
                resume(answer_to(ports.brokers, asked, {id.text(), std::move(reached)}, watch));
            } catch (const std::exception& e) {
                log::error("operation.threw", {{"operation_id", id.text()}, {"what", e.what()}});
                resume(workers::errc::threw);
            }
        });
    });
}

effects finished(const ports& ports, operation_id id, std::string_view state, std::string progress,
    const std::optional<std::string>& result, const std::optional<std::string>& error) {
    log::info("operation.ended", {{"operation_id", id.text()}, {"state", state}, {"error", error.value_or("")}});
    effects out;
    out.statements.push_back(
        sql::bind("operations.finish", {{"id", id}, {"worker", ports.owner}, {"state", state},
                                           {"progress", std::move(progress)}, {"result", result}, {"error", error}}));
    return out;
}

}  // namespace

awaitable<result<effects>> carry_out(events::operation_requested event, const ports& ports) {
    const auto id = event.id;
    const auto rows = co_await postgres::run_one(ports.database, std::nullopt,
        sql::bind(
            "operations.claim", {{"id", id}, {"worker", ports.owner}, {"lease", sql::interval_text(ports.lease)}}));
    if (!rows) co_return rows.error();
    if (rows->empty() || rows->is_null(0, 0)) co_return effects{};
    const auto claim = json::document::parse(rows->text(0, 0));
    if (!claim) co_return claim.error();
    const auto root = claim->root();
    if (root["is"].string() == "ended") co_return effects{};
    if (root["is"].string() == "leased") co_return workers::errc::leased;
    if (root["attempts"].integer().value_or(0) > most_attempts)
        co_return finished(ports, id, "failed", "{}", std::nullopt, "its worker died each time");
    auto asked = read_request(root["kind"].string().value_or(""), root["parameters"], event.requested_at);
    if (!asked.mistake.empty()) co_return finished(ports, id, "failed", "{}", std::nullopt, asked.mistake);

    const auto executor = co_await boost::asio::this_coro::executor;
    const auto run = std::make_shared<running>(executor);
    boost::asio::co_spawn(executor, keep_lease(ports, id, run), boost::asio::detached);
    const auto got = co_await run_library(
        ports, id, std::move(asked), read_positions(root["place"]).value_or(kafka::positions{}), run);
    run->done = true;
    run->heartbeat.cancel();
    if (run->lost || (!got && got.error() == workers::errc::leased)) co_return workers::errc::leased;
    if (!got && failure_of(got.error()) == failure::outage) co_return got.error();
    if (!got) co_return finished(ports, id, "failed", run->progress(), std::nullopt, got.error().message());
    if (got->stopped && run->drained) {
        co_await postgres::run_one(
            ports.database, std::nullopt, sql::bind("operations.release", {{"id", id}, {"worker", ports.owner}}));
        co_return workers::errc::leased;
    }
    if (!got->mistake.empty()) co_return finished(ports, id, "failed", run->progress(), std::nullopt, got->mistake);
    co_return finished(ports, id, got->stopped ? "cancelled" : "done", run->progress(), got->result, std::nullopt);
}

worker declare(const ports& ports) {
    struct handler {
        const operations::ports& ports;
        awaitable<result<effects>> operator()(events::operation_requested event, record) const {
            return carry_out(std::move(event), ports);
        }
    };
    worker out;
    out.name = "operations";
    out.group = "operations";
    out.topic = std::string(events::operation_requested::topic);
    out.max_in_flight = 4;
    out.handle = on_event<events::operation_requested>(handler{ports});
    out.give_up = [](record record) {
        effects last;
        const auto event = events::decode<events::operation_requested>(record.message.value);
        if (event) last.statements.push_back(sql::bind("operations.give_up", {{"id", event->id}}));
        return last;
    };
    return out;
}

}  // namespace airi::workers::operations
