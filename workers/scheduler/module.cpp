// The scheduler: creates partitions ahead of time, removes expired and deleted rows. The jobs and when they are due are
// in the database, which the scheduler polls once a minute. Several may run. Each watches the database too.
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/telemetry/metrics.hpp"
#include "sql/statements.hpp"
#include "workers/runtime/worker_module.hpp"
#include "workers/scheduler/database_watch.hpp"
#include "workers/scheduler/erasure_ledger.hpp"

namespace airi::workers {
namespace {

constexpr seconds interval{60}, interval_after_failure{5};

// True when a job was run: another one may be due. With a ledger only recorded accounts are erased.
awaitable<bool> run_due_job(postgres::database& database, bool has_ledger) {
    postgres::transaction run;
    run.statements.push_back(sql::bind("scheduler.ledger", {{"is", has_ledger ? "on" : "off"}}));
    run.statements.push_back(sql::bind("scheduler.run_due", {}));
    const auto done = co_await database.run(std::move(run));
    if (!done || done->back().empty() || done->back().is_null(0, 0)) co_return false;
    const auto job = json::document::parse(done->back().text(0, 0));
    const auto outcome = job->root()["done"].string().value_or("");
    log::write(outcome.starts_with("failed") ? log::level::error : log::level::info, "job.ended",
        {{"job", job->root()["name"].string().value_or("")}, {"done", outcome}});
    co_return true;
}

// A job in progress is a transaction: if it does not commit, nothing has happened and it is due again.
awaitable<> run_jobs(worker_host& host, storage::store* ledger) {
    auto& database = host.database();
    do {
        co_await scheduler::watch_database(database);
        if (ledger != nullptr) co_await scheduler::record_erasures(database, *ledger);
        while (!host.draining() && co_await run_due_job(database, ledger != nullptr)) {
        }
    } while (co_await host.pause(database.available() ? interval : interval_after_failure));
}

void show_figures(const json::document& figures) {
    using metrics::gauge_of;
    const auto all = figures.root();
    const auto show = [](metrics::gauge& metric, json::value count) { metric.set(count.integer().value_or(0)); };
    show(gauge_of("airi_signups_last_day", "Accounts that were made in the last 24 hours."), all["signups"]);
    show(gauge_of("airi_users_paying", "Users with a subscription that is paid for."), all["paying"]);
    show(gauge_of("airi_payments_failed_last_hour", "Payments that failed in the last hour."), all["failed_payments"]);
    all["users"].members([&](std::string_view plan, json::value count) {
        show(gauge_of("airi_users", "Users by plan.", {{"plan", std::string(plan)}}), count);
    });
    all["revenue"].members([&](std::string_view currency, json::value amounts) {
        for (const auto* when : {"now", "before"})
            show(gauge_of("airi_recurring_revenue_minor_units",
                     "Monthly recurring revenue in the currency's smallest unit, now and 30 days before.",
                     {{"currency", std::string(currency)}, {"when", when}}),
                amounts[when]);
    });
}

// Every scheduler shows the same figures.
awaitable<> keep_figures(worker_host& host) {
    do {
        const auto rows =
            co_await postgres::run_one(host.database(), std::nullopt, sql::bind("scheduler.business_figures", {}));
        if (!rows || rows->empty()) continue;
        if (const auto figures = json::document::parse(rows->text(0, 0))) show_figures(*figures);
    } while (co_await host.pause(interval));
}

task wire(worker_host& host, const scheduler::ledger_settings& settings) {
    storage::store* ledger = nullptr;
    if (!settings.url.empty())
        ledger = host.own(storage::open_place(host.executor(), settings.url, settings.access())).get();
    host.run_beside([&host] { return keep_figures(host); });
    return [&host, ledger] { return run_jobs(host, ledger); };
}

}  // namespace

extern const worker_module scheduler_module = module_of<wire>("scheduler");

}  // namespace airi::workers
