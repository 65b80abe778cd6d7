// The scheduler: partitions made ahead, expired and deleted rows removed. What is due, and what each job does, the
// database knows; this asks it once a minute. Several may run.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/telemetry/admin.hpp"
#include "sql/statements.hpp"
#include "workers/runtime/worker_process.hpp"

namespace {

namespace asio = boost::asio;
using namespace airi;

constexpr seconds pause{60}, pause_after_failure{5};

// True when a job was run: the next one may be due too.
awaitable<bool> run_one(postgres::database& database) {
    postgres::transaction ask;
    ask.statements.push_back(sql::bind("scheduler.run_due", {}));
    const auto rows = co_await database.run(std::move(ask));
    if (!rows || rows->front().empty() || rows->front().is_null(0, 0)) co_return false;
    const auto job = json::document::parse(rows->front().text(0, 0));
    const auto done = job->root()["done"].string().value_or("");
    log::write(done.starts_with("failed") ? log::level::error : log::level::info, "scheduler.job",
        {{"job", job->root()["name"].string().value_or("")}, {"done", done}});
    co_return true;
}

awaitable<> work(postgres::database& database) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        while (co_await run_one(database)) {
        }
        timer.expires_after(database.available() ? pause : pause_after_failure);
        const auto [failed] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (failed) co_return;
    }
}

}  // namespace

int main(int count, char** arguments) {
    workers::worker_settings settings;
    if (const auto code = load_or_exit_code(count, arguments, settings)) return *code;
    log::start("scheduler", settings.log_level);
    asio::io_context context{1};
    postgres::pool_options pool;
    pool.url = settings.database_url;
    pool.connections = 1;
    const auto database = postgres::open(pool);
    admin_server admin(context.get_executor(),
        {.host = "127.0.0.1", .port = settings.admin_port, .ready = [&] { return database->available(); }});
    asio::signal_set signals(context, SIGTERM, SIGINT);
    // A job under way is a transaction: what does not commit has not happened, and is due again.
    signals.async_wait([&](const error_code& failed, int) {
        if (!failed) context.stop();
    });
    asio::co_spawn(context, work(*database), asio::detached);
    log::info("worker.started", {{"owner", "scheduler"}});
    context.run();
    admin.close();
}
