#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>

#include "events/topics.hpp"
#include "platform/base/log.hpp"
#include "platform/telemetry/metrics.hpp"
#include "workers/archive/archiver.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

namespace asio = boost::asio;
using archive::archive_settings;

struct archive_worker_settings : archive_settings {
    seconds interval{900};

    static constexpr auto settings = std::tuple_cat(
        place, std::tuple{
                   setting{"ARCHIVE_INTERVAL", &archive_worker_settings::interval, "The pause between two rounds.",
                       {.min = 1, .max = 86'400}},
                   setting{"ENCRYPTION_KEY", &archive_settings::encryption_key,
                       "Wraps the users' keys; at least 32 bytes.", {.required = true}},
                   setting{"ENCRYPTION_KEY_PREVIOUS", &archive_settings::encryption_key_previous,
                       "The previous ENCRYPTION_KEY; keys wrapped with it are rewrapped with ENCRYPTION_KEY."},
               });
};

constexpr milliseconds pause_after_failure{30'000};
// Less than the time of the drain.
constexpr milliseconds broker_limit{8'000};

// Its rounds are on a thread of their own: they block.
struct work {
    const archive_worker_settings& settings;
    const kafka::access& brokers;
    asio::thread_pool thread{1};
    std::atomic<bool> stopped = false;

    // True if every topic is archived.
    bool run_round() {
        static auto& records = metrics::counter_of("airi_archive_records_total", "Records that were archived.");
        static auto& bytes = metrics::counter_of("airi_archive_bytes_total", "Their bytes as they are stored.");
        static auto& lost = metrics::counter_of(
            "airi_archive_lost_records_total", "Records that the broker had deleted before they were archived.");
        static auto& complete =
            metrics::gauge_of("airi_archive_complete_seconds", "When a round archived every topic, in Unix time.");
        archive::files files(settings);
        bool good = true;
        archive::archived all;
        for (const auto& topic : events::topics()) {
            if (stopped) return good;
            const auto done =
                archive::archive_topic(brokers, files, topic, [&] { return stopped.load(); }, {.broker = broker_limit});
            if (!done) {
                log::error("archive.failed", {{"topic", topic}, {"error", done.error().message()}});
                good = false;
                if (done.error() == failure::outage) return false;
                continue;
            }
            records.add(done->records);
            bytes.add(done->bytes);
            lost.add(done->lost);
            all += *done;
        }
        if (good) complete.set(unix_seconds(now()));
        if (all.records > 0)
            log::info("archive.written", {{"records", all.records}, {"objects", all.objects}, {"bytes", all.bytes}});
        return good;
    }
};

awaitable<> stop_at_drain(worker_host& host, work& work) {
    while (co_await host.pause(seconds{3600})) {
    }
    work.stopped = true;
}

awaitable<> keep_archiving(worker_host& host, work& work) {
    asio::co_spawn(host.executor(), stop_at_drain(host, work), asio::detached);
    milliseconds pause;
    do {
        const bool good = co_await from_callback<bool>(
            [&work](auto done) { asio::post(work.thread, [&work, done] { done(work.run_round()); }); });
        pause = good ? work.settings.interval : std::min<milliseconds>(work.settings.interval, pause_after_failure);
    } while (co_await host.pause(pause));
}

awaitable<> wait_for_drain(worker_host& host) {
    while (co_await host.pause(seconds{3600})) {
    }
}

task wire(worker_host& host, const archive_worker_settings& settings) {
    if (settings.url.empty()) {
        log::info("archive.off", {{"reason", "ARCHIVE_URL is not set"}});
        return [&host] { return wait_for_drain(host); };
    }
    auto& work = *host.own(std::make_unique<struct work>(settings, host.settings()));
    return [&host, &work] { return keep_archiving(host, work); };
}

}  // namespace

extern const worker_module archive_module = module_of<wire>("archive");

}  // namespace airi::workers
