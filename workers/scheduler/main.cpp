// The scheduler: creates partitions ahead of time, removes expired and deleted rows. The jobs and when they are due are
// in the database, which the scheduler polls once a minute. Several may run.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "platform/telemetry/admin.hpp"
#include "sql/statements.hpp"
#include "workers/runtime/worker_process.hpp"

namespace {

namespace asio = boost::asio;
using namespace airi;

constexpr seconds pause{60}, pause_after_failure{5};

// True when a job was run: another one may be due.
awaitable<bool> run_due_job(postgres::database& database) {
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("scheduler.run_due", {}));
    if (!rows || rows->empty() || rows->is_null(0, 0)) co_return false;
    const auto job = json::document::parse(rows->text(0, 0));
    const auto outcome = job->root()["done"].string().value_or("");
    log::write(outcome.starts_with("failed") ? log::level::error : log::level::info, "job.ended",
        {{"job", job->root()["name"].string().value_or("")}, {"done", outcome}});
    co_return true;
}

awaitable<> run_jobs(postgres::database& database) {
    for (;;) {
        while (co_await run_due_job(database)) {
        }
        co_await sleep(database.available() ? pause : pause_after_failure);
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
    // A job in progress is a transaction: if it does not commit, nothing has happened and it is due again.
    signals.async_wait([&](const error_code& failed, int) {
        if (!failed) context.stop();
    });
    asio::co_spawn(context, run_jobs(*database), asio::detached);
    log::info("worker.started", {{"owner", "scheduler"}});
    context.run();
    admin.close();
}
