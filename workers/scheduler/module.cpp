// The scheduler: creates partitions ahead of time, removes expired and deleted rows. The jobs and when they are due are
// in the database, which the scheduler polls once a minute. Several may run.
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

constexpr seconds interval{60}, interval_after_failure{5};

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

// A job in progress is a transaction: if it does not commit, nothing has happened and it is due again.
awaitable<> run_jobs(worker_host& host) {
    auto& database = host.database();
    do {
        while (!host.draining() && co_await run_due_job(database)) {
        }
    } while (co_await host.pause(database.available() ? interval : interval_after_failure));
}

task wire(worker_host& host) {
    return [&host] { return run_jobs(host); };
}

}  // namespace

extern const worker_module scheduler_module = module_of<wire>("scheduler");

}  // namespace airi::workers
