#include "workers/runtime/worker_host.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "events/topics.hpp"
#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"

namespace airi::workers {

namespace asio = boost::asio;

constexpr milliseconds max_leaving{3'000};

worker_host::worker_host(std::string_view name, servers& servers) : name_(name), servers_(servers) {}

worker_host::~worker_host() {
    while (!owned_.empty()) owned_.pop_back();
}

void worker_host::reload_every(std::function<awaitable<result<>>()> load, seconds interval) {
    loads_.emplace_back(std::move(load), interval);
}

void worker_host::subscribe(std::string_view channel, std::function<void(std::string_view)> arrived) {
    auto& subscriber = *own(std::shared_ptr(redis::open_subscriber(executor(), settings().redis_url)));
    subscriber.arrived = [arrived = std::move(arrived)](
                             std::string_view, std::string_view payload) { arrived(payload); };
    struct subscribing {
        // Once subscribed, the subscriber does it again by itself.
        static awaitable<> until_done(worker_host& host, redis::subscriber& to, std::string channel) {
            bool subscribed = false;
            do subscribed = subscribed || co_await to.subscribe(channel);
            while (co_await host.pause(subscribed ? milliseconds{3'600'000} : milliseconds{500}));
        }
    };
    run_beside([this, &subscriber, channel = std::string(channel)] {
        return subscribing::until_done(*this, subscriber, channel);
    });
}

void worker_host::on_drain_timeout(std::function<awaitable<>()> release) { release_ = std::move(release); }

awaitable<bool> worker_host::pause(milliseconds time) {
    if (draining_) co_return false;
    asio::steady_timer timer(executor(), time);
    pauses_.insert(&timer);
    error_code ended;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    pauses_.erase(&timer);
    co_return !draining_;
}

void worker_host::set_work(std::variant<worker, task> work) {
    work_ = std::move(work);
    if (std::holds_alternative<worker>(work_)) servers_.producer();  // connects meanwhile
}

awaitable<> worker_host::reload(std::function<awaitable<result<>>()> load, seconds interval) {
    while (co_await pause(interval))
        if (const auto loaded = co_await load(); !loaded)
            log::warn("worker.reload_failed", {{"worker", name_}, {"error", loaded.error().message()}});
}

// Nothing is consumed before everything that the handlers need is loaded.
awaitable<> worker_host::start() {
    for (auto& [load, interval] : loads_) {
        for (;;) {
            const auto loaded = co_await load();
            if (draining_) co_return;
            if (loaded) break;
            log::warn("worker.load_failed", {{"worker", name_}, {"error", loaded.error().message()}});
            if (!co_await pause(milliseconds{500})) co_return;
        }
        asio::co_spawn(executor(), reload(load, interval), asio::detached);
    }
    if (draining_) co_return;
    if (auto* consuming = std::get_if<worker>(&work_))
        start_consuming(std::move(*consuming));
    else
        start_task(std::get<task>(work_));
    for (const auto& task : beside_) start_task(task);
    started_ = true;
    log::info("worker.started", {{"worker", name_}, {"owner", owner()}});
}

void worker_host::start_consuming(worker worker) {
    kafka::consumer_options options;
    options.brokers = settings();
    options.group = worker.group;
    options.instance = settings().instance;
    auto topics = worker.more_topics;
    topics.insert(topics.begin(), worker.topic);
    for (const auto& topic : topics) options.topics.insert(options.topics.end(), {topic, topic + events::retry_suffix});
    options.session_timeout = settings().session_timeout;
    options.gathers = worker.handle_batch != nullptr || worker.patient;
    runner_ = make_runner(std::move(worker), {database(), servers_.producer(), frames()}, executor());
    consumer_ = kafka::open_consumer(options, executor(), runner_->owner());
    runner_->attach(*consumer_);
    const auto total = [&](const char* metric, std::string_view help) -> metrics::counter& {
        return metrics::counter_of(metric, help, {{"worker", name_}});
    };
    gauges_ = std::make_unique<gauges>(gauges{total("airi_worker_records_handled_total", "Records delivered."),
        total("airi_worker_records_retried_total", "Attempts that failed and were or will be repeated."),
        total("airi_worker_records_outages_total", "Attempts that failed because a server was away."),
        total("airi_worker_records_dead_total", "Records sent to the dead letters."),
        metrics::gauge_of("airi_worker_records_in_work", "Records taken and not yet done.", {{"worker", name_}}), {}});
    for (const auto& topic : options.topics)
        gauges_->lag[topic] = &metrics::gauge_of("airi_consumer_lag_records",
            "Records of this process' partitions that it has not taken yet.",
            {{"messaging_destination_name", topic}, {"messaging_consumer_group_name", options.group}});
}

void worker_host::start_task(const task& task) {
    ++running_tasks_;
    asio::co_spawn(executor(), task(), [this](const std::exception_ptr& thrown) {
        --running_tasks_;
        if (draining_ && !thrown) return;
        task_failed_ = true;
        std::string what = "the task returned";
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const std::exception& e) {
            what = e.what();
        }
        log::error("worker.ended", {{"worker", name_}, {"what", what}});
    });
}

void worker_host::update_metrics() {
    if (!gauges_) return;
    const auto counters = runner_->counters();
    const auto show = [](metrics::counter& metric, std::int64_t total) {
        metric.set_total(static_cast<std::uint64_t>(total));
    };
    show(gauges_->handled, counters.handled);
    show(gauges_->retried, counters.retried);
    show(gauges_->outages, counters.outages);
    show(gauges_->dead, counters.dead);
    gauges_->in_work.set(counters.in_work);
    // Another process has what is no longer assigned to this one. While it is unknown, the last value stays.
    const bool all_known = consumer_->lag() >= 0;
    const auto lags = consumer_->lag_by_topic();
    for (const auto& [topic, metric] : gauges_->lag) {
        if (const auto found = lags.find(topic); found != lags.end())
            metric->set(found->second);
        else if (all_known)
            metric->set(0);
    }
}

awaitable<> worker_host::drain(milliseconds limit) {
    draining_ = true;
    deadline_ = clock::now() + limit;
    // The rest of the time is for what follows the work: handing it over, leaving the group, the last events.
    end_of_work_ = deadline_ - std::min(max_leaving, limit / 3);
    for (auto* timer : pauses_) timer->cancel();
    if (runner_) co_await runner_->drain(end_of_work_);
    while (running_tasks_ > 0 && clock::now() < end_of_work_) co_await sleep(milliseconds{5});
    const auto left = [&] {
        return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(deadline_ - clock::now()));
    };
    if (release_) {
        co_await release_();
        auto end = clock::now() + std::min(milliseconds{1'000}, left());
        if (runner_) co_await runner_->drain(end);
    }
    if (consumer_) co_await consumer_->stop(std::max(left(), milliseconds{2'000}));
}

void worker_host::hasten() {
    end_of_work_ = std::min(end_of_work_, clock::now());
    deadline_ = std::min(deadline_, clock::now() + max_leaving);
}

}  // namespace airi::workers
