#include "workers/runtime/runner.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <deque>
#include <map>
#include <utility>

#include "platform/base/log.hpp"
#include "platform/base/sleep.hpp"
#include "workers/runtime/backpressure.hpp"
#include "workers/runtime/dead_letter.hpp"
#include "workers/runtime/key_order.hpp"
#include "workers/runtime/offset_tracker.hpp"
#include "workers/runtime/record_delivery.hpp"

namespace airi::workers {
namespace {

namespace asio = boost::asio;

// A partition assigned to this worker. Records in work keep it alive after it was revoked.
struct partition_state {
    kafka::partition_id id;
    offset_tracker progress;
    backpressure pressure;
    std::size_t running = 0;                        // handlers at work on its records
    enum { ours, leaving, gone } ownership = ours;  // leaving: nothing new is started, commits still count
};

struct job {
    kafka::message message;
    std::shared_ptr<partition_state> partition;
};

class running_worker final : public runner, public kafka::consumer_owner {
public:
    running_worker(worker w, runner_ports ports, executor executor)
        : worker_(std::move(w)), ports_(ports), executor_(std::move(executor)) {}
    running_worker(const running_worker&) = delete;

    kafka::consumer_owner& owner() override { return *this; }
    void attach(kafka::consumer& c) override { consumer_ = &c; }
    bool draining() const override { return delivery_.draining(); }
    bool healthy() const override { return healthy_; }
    runner_counters counters() const override { return counters_; }

    awaitable<> drain(std::chrono::steady_clock::time_point& deadline) override {
        delivery_.drain();
        ready_.clear();
        while (delivering_ > 0 && std::chrono::steady_clock::now() < deadline) co_await sleep(milliseconds{5});
        log::info("worker.drained", {{"worker", worker_.name}, {"left", delivering_}});
    }

    void arrived(std::vector<kafka::message> batch) override {
        if (draining()) return;
        for (auto& message : batch) {
            const auto found = partitions_.find({message.topic, message.partition});
            if (found == partitions_.end()) continue;
            auto partition = found->second;
            partition->progress.started(message.offset);
            if (!is_for(message, worker_.group)) {
                if (const auto next = partition->progress.finished(message.offset))
                    consumer_->commit({{partition->id, *next}});
                continue;
            }
            if (partition->pressure.took(1) == backpressure::action::pause) consumer_->pause(partition->id);
            ++counters_.in_work;
            job next{std::move(message), std::move(partition)};
            if (worker_.handle_batch)
                ready_.push_back(std::move(next));
            else if (const auto key = order_key(next.message); order_.enter(key, next))
                ready_.push_back(std::move(next));
        }
        start_ready();
    }

    void assigned(std::vector<kafka::partition_id> list) override {
        for (auto& id : list) {
            const auto low = worker_.high_mark / 4;
            partitions_[id] = std::make_shared<partition_state>(
                partition_state{id, {}, backpressure(worker_.high_mark, low), 0, partition_state::ours});
        }
        log::info("worker.assigned", {{"worker", worker_.name}, {"partitions", list.size()}});
    }

    // Short work gets a moment to finish, so that the next owner need not repeat it. Long work goes on: its lease
    // makes the next owner wait, and its end is found there.
    awaitable<> revoked(std::vector<kafka::partition_id> list) override {
        std::vector<std::shared_ptr<partition_state>> going;
        for (const auto& id : list)
            if (const auto found = partitions_.find(id); found != partitions_.end()) going.push_back(found->second);
        for (const auto& partition : going) partition->ownership = partition_state::leaving;
        for (auto& waiting : std::exchange(ready_, {}))
            is_ours(waiting) ? ready_.push_back(std::move(waiting)) : drop(waiting);
        for (int i = 0; i < 100; ++i) {
            if (std::all_of(going.begin(), going.end(), [](const auto& p) { return p->running == 0; })) break;
            co_await sleep(milliseconds{10});
        }
        for (const auto& partition : going) {
            partition->ownership = partition_state::gone;
            partitions_.erase(partition->id);
        }
        log::info("worker.revoked", {{"worker", worker_.name}, {"partitions", list.size()}});
    }

    void failed(std::string reason) override {
        healthy_ = false;
        log::error("consumer.failed", {{"worker", worker_.name}, {"reason", reason}});
    }

private:
    static bool is_ours(const job& job) { return job.partition->ownership == partition_state::ours; }

    // A record that was never started, of a partition that was revoked: the next owner reads it again. Nothing is
    // committed for it: the partition's lowest unfinished record comes before it.
    void drop(const job& job) {
        --counters_.in_work;
        if (!worker_.handle_batch) next_of(order_key(job.message));
    }

    // The key's next record. Those of a revoked partition are skipped; behind them there may be records of the same
    // partition after it was assigned again.
    void next_of(const std::string& key) {
        while (auto next = order_.leave(key)) {
            if (is_ours(*next)) return ready_.push_back(std::move(*next));
            --counters_.in_work;
        }
    }

    static std::string order_key(const kafka::message& m) {
        auto place = m.topic + '/' + std::to_string(m.partition) + '/';
        return m.key.empty() ? place + '@' + std::to_string(m.offset) : place + m.key;
    }

    void start_ready() {
        if (worker_.handle_batch) {
            if (running_ > 0 || ready_.empty() || draining()) return;
            std::vector<job> batch;
            while (!ready_.empty() && batch.size() < worker_.max_in_flight) {
                batch.push_back(std::move(ready_.front()));
                ++batch.back().partition->running;
                ready_.pop_front();
            }
            ++running_;
            asio::co_spawn(executor_, process_batch(std::move(batch)), asio::detached);
            return;
        }
        while (!ready_.empty() && running_ < worker_.max_in_flight && !draining()) {
            auto next = std::move(ready_.front());
            ready_.pop_front();
            ++running_;
            ++next.partition->running;
            asio::co_spawn(executor_, process(std::move(next)), asio::detached);
        }
    }

    awaitable<> process(job job) {
        ++delivering_;
        bool in_order = false;
        const auto next = [this, &job, &in_order] {
            if (std::exchange(in_order, true)) return;
            --running_;
            next_of(order_key(job.message));
            start_ready();
        };
        const bool done = co_await delivery_.deliver(job.message, next);
        if (done) next();
        if (!std::exchange(in_order, true)) --running_;
        --delivering_;
        --job.partition->running;
        if (done) finish(job);
        start_ready();
    }

    awaitable<> process_batch(std::vector<job> batch) {
        ++delivering_;
        std::vector<kafka::message> messages;
        messages.reserve(batch.size());
        for (auto& job : batch) messages.push_back(std::move(job.message));
        const bool together = co_await delivery_.deliver_batch(messages);
        std::size_t done = batch.size();
        if (!together)
            for (done = 0; done < batch.size(); ++done)
                if (!co_await delivery_.deliver(messages[done])) break;
        --running_;
        --delivering_;
        for (auto& job : batch) --job.partition->running;
        for (std::size_t i = 0; i < done; ++i) {
            batch[i].message = std::move(messages[i]);
            finish(batch[i]);
        }
        start_ready();
    }

    void finish(job& job) {
        --counters_.in_work;
        auto& partition = *job.partition;
        const auto next = partition.progress.finished(job.message.offset);
        if (partition.pressure.done() == backpressure::action::resume && is_ours(job)) consumer_->resume(partition.id);
        if (next && partition.ownership != partition_state::gone) consumer_->commit({{partition.id, *next}});
    }

    worker worker_;
    runner_ports ports_;
    executor executor_;
    kafka::consumer* consumer_ = nullptr;
    std::map<kafka::partition_id, std::shared_ptr<partition_state>> partitions_;
    key_order<job> order_;
    std::deque<job> ready_;
    std::size_t running_ = 0;     // handlers and effects that the key's next record waits for
    std::size_t delivering_ = 0;  // the same, and records whose batchable events are not acknowledged
    bool healthy_ = true;
    runner_counters counters_;
    record_delivery delivery_{worker_, ports_, counters_};
};

}  // namespace

std::unique_ptr<runner> make_runner(worker worker, runner_ports ports, executor executor) {
    return std::make_unique<running_worker>(std::move(worker), ports, std::move(executor));
}

}  // namespace airi::workers
