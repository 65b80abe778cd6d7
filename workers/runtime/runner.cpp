#include "workers/runtime/runner.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <optional>
#include <utility>

#include "platform/base/log.hpp"
#include "workers/runtime/apply_effects.hpp"
#include "workers/runtime/backpressure.hpp"
#include "workers/runtime/dead_letter.hpp"
#include "workers/runtime/errors.hpp"
#include "workers/runtime/key_order.hpp"
#include "workers/runtime/offset_tracker.hpp"

namespace airi::workers {
namespace {

namespace asio = boost::asio;

// What is known of a partition while it is ours. Records in work keep it alive after it was taken away.
struct partition {
    kafka::partition_id id;
    offset_tracker progress;
    backpressure pressure;
    std::size_t running = 0;                    // handlers at work on its records
    enum { ours, leaving, gone } state = ours;  // leaving: nothing new is started, commits still count
};

struct job {
    kafka::message message;
    std::shared_ptr<partition> of;
};

awaitable<> pause(milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

class running_worker final : public runner, public kafka::consumer_owner {
public:
    running_worker(worker w, runner_ports ports, executor on) : worker_(std::move(w)), ports_(ports), on_(on) {}

    kafka::consumer_owner& owner() override { return *this; }
    void attach(kafka::consumer& c) override { consumer_ = &c; }
    bool draining() const override { return draining_; }
    bool healthy() const override { return healthy_; }
    runner_counters counters() const override { return counters_; }

    awaitable<> drain(milliseconds limit) override {
        draining_ = true;
        ready_.clear();
        const auto until = std::chrono::steady_clock::now() + limit;
        while (running_ > 0 && std::chrono::steady_clock::now() < until) co_await pause(milliseconds{5});
        log::info("worker.drained", {{"worker", worker_.name}, {"left", running_}});
    }

    void arrived(std::vector<kafka::message> batch) override {
        if (draining_) return;
        for (auto& message : batch) {
            const auto found = partitions_.find({message.topic, message.partition});
            if (found == partitions_.end()) continue;
            auto of = found->second;
            of->progress.started(message.offset);
            if (of->pressure.took(1) == backpressure::action::pause) consumer_->pause(of->id);
            ++counters_.in_work;
            job next{std::move(message), std::move(of)};
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
            partitions_[id] = std::make_shared<partition>(
                partition{id, {}, backpressure(worker_.high_mark, low), 0, partition::ours});
        }
        log::info("worker.assigned", {{"worker", worker_.name}, {"partitions", list.size()}});
    }

    // Short work gets a moment to finish, so that the next owner need not repeat it. Long work goes on: its lease
    // keeps the next owner waiting, and its end is seen there.
    awaitable<> revoked(std::vector<kafka::partition_id> list) override {
        std::vector<std::shared_ptr<partition>> going;
        for (const auto& id : list)
            if (const auto found = partitions_.find(id); found != partitions_.end()) going.push_back(found->second);
        for (const auto& p : going) p->state = partition::leaving;
        for (auto& j : std::exchange(ready_, {}))
            j.of->state == partition::ours ? ready_.push_back(std::move(j)) : drop(j);
        for (int i = 0; i < 100; ++i) {
            if (std::all_of(going.begin(), going.end(), [](const auto& p) { return p->running == 0; })) break;
            co_await pause(milliseconds{10});
        }
        for (const auto& p : going) {
            p->state = partition::gone;
            partitions_.erase(p->id);
        }
        log::info("worker.revoked", {{"worker", worker_.name}, {"partitions", list.size()}});
    }

    void failed(std::string reason) override {
        healthy_ = false;
        log::error("worker.consumer_failed", {{"worker", worker_.name}, {"reason", reason}});
    }

private:
    // A record that was never started, of a partition that goes to someone else: the next owner reads it again. Nothing
    // is committed for it: the partition's lowest unfinished record came before.
    void drop(const job& j) {
        --counters_.in_work;
        if (!worker_.handle_batch) next_of(order_key(j.message));
    }

    // The key's next record. Those of a partition that left are passed over; behind them there may be records of the
    // same partition after it came back.
    void next_of(const std::string& key) {
        while (auto next = order_.leave(key)) {
            if (next->of->state == partition::ours) return ready_.push_back(std::move(*next));
            --counters_.in_work;
        }
    }

    static std::string order_key(const kafka::message& m) {
        auto place = m.topic + '/' + std::to_string(m.partition) + '/';
        return m.key.empty() ? place + '@' + std::to_string(m.offset) : place + m.key;
    }

    void start_ready() {
        if (worker_.handle_batch) {
            if (running_ > 0 || ready_.empty() || draining_) return;
            std::vector<job> batch;
            while (!ready_.empty() && batch.size() < worker_.max_in_flight) {
                batch.push_back(std::move(ready_.front()));
                ++batch.back().of->running;
                ready_.pop_front();
            }
            ++running_;
            asio::co_spawn(on_, process_batch(std::move(batch)), asio::detached);
            return;
        }
        while (!ready_.empty() && running_ < worker_.max_in_flight && !draining_) {
            auto next = std::move(ready_.front());
            ready_.pop_front();
            ++running_;
            ++next.of->running;
            asio::co_spawn(on_, process(std::move(next)), asio::detached);
        }
    }

    awaitable<> process(job j) {
        const bool done = co_await deliver(j.message);
        --running_;
        --j.of->running;
        if (done) finish(j);
        start_ready();
    }

    awaitable<> process_batch(std::vector<job> batch) {
        std::vector<kafka::message> messages;
        messages.reserve(batch.size());
        for (auto& j : batch) messages.push_back(std::move(j.message));
        const bool together = co_await deliver_together(messages);
        std::size_t done = batch.size();
        if (!together)
            for (done = 0; done < batch.size(); ++done)
                if (!co_await deliver(messages[done])) break;
        --running_;
        for (auto& j : batch) --j.of->running;
        for (std::size_t i = 0; i < done; ++i) {
            batch[i].message = std::move(messages[i]);
            finish(batch[i]);
        }
        start_ready();
    }

    // The whole batch as one; false when its records must be looked at one by one.
    awaitable<bool> deliver_together(const std::vector<kafka::message>& messages) {
        const auto wanted = attempt_batch(messages);
        if (!wanted || co_await retry_outages(*wanted)) co_return false;
        counters_.handled += static_cast<std::int64_t>(messages.size());
        co_return true;
    }

    result<effects> attempt_batch(std::span<const kafka::message> messages) {
        try {
            return worker_.handle_batch(messages);
        } catch (const std::exception& e) {
            log::error("worker.threw", {{"worker", worker_.name}, {"what", e.what()}});
            return errc::threw;
        }
    }

    // Carries one record to its end. False: the worker is leaving and the record stays for the next owner.
    awaitable<bool> deliver(const kafka::message& m) {
        delivery state(worker_.retry, attempts_of(m));
        if (!co_await until(due_of(m))) co_return false;
        while (!draining_) {
            const auto outcome = co_await attempt(m);
            const auto next = state.after(outcome);
            if (std::holds_alternative<finished>(next)) {
                ++counters_.handled;
                co_return true;
            }
            if (const auto* wait = std::get_if<try_again>(&next)) {
                ++(wait->outage ? counters_.outages : counters_.retried);
                if (!wait->outage) report("worker.retry", m, outcome);
                if (!co_await until(now() + wait->after)) co_return false;
            } else if (const auto* later = std::get_if<to_retry_topic>(&next)) {
                ++counters_.retried;
                report("worker.retry_later", m, outcome);
                co_return co_await publish_until_acknowledged(retry_later(m, *later, now()));
            } else {
                ++counters_.dead;
                report("worker.dead_letter", m, outcome);
                if (worker_.give_up && !co_await give_up(m)) co_return false;
                co_return co_await publish_until_acknowledged(
                    dead_letter(m, worker_.group, std::get<to_dead_letters>(next)));
            }
        }
        co_return false;
    }

    awaitable<error_code> attempt(const kafka::message& m) {
        try {
            result<effects> wanted =
                worker_.handle_batch ? attempt_batch(std::span(&m, 1)) : co_await worker_.handle(record{m});
            if (!wanted) co_return wanted.error();
            co_return co_await retry_outages(*wanted);
        } catch (const std::exception& e) {
            log::error("worker.threw", {{"worker", worker_.name}, {"what", e.what()}});
        }
        co_return make_error_code(errc::threw);
    }

    // Writes the record's end. One that cannot be written is logged, and the dead letter goes out all the same. False:
    // the worker is leaving.
    awaitable<bool> give_up(const kafka::message& m) {
        const auto last = last_effects(m);
        if (!last) co_return true;
        delivery state(worker_.retry);
        while (true) {
            const auto outcome = co_await retry_outages(*last);
            if (!outcome) co_return true;
            const auto next = state.after(outcome);
            if (std::holds_alternative<to_dead_letters>(next)) {
                report("worker.end_not_written", m, outcome);
                co_return true;
            }
            if (draining_ || !co_await until(now() + worker_.retry.first_pause)) co_return false;
        }
    }

    std::optional<effects> last_effects(const kafka::message& m) {
        try {
            return worker_.give_up(record{m});
        } catch (const std::exception& e) {
            log::error("worker.threw", {{"worker", worker_.name}, {"what", e.what()}});
            return std::nullopt;
        }
    }

    // What a handler made may have cost money: while a server is away it is kept and tried again, not made anew.
    awaitable<error_code> retry_outages(const effects& what) {
        for (int outages = 0;; ++outages) {
            const auto outcome = co_await carry_out_guarded(what);
            if (!outcome || failure_of(outcome) != failure::outage || draining_) co_return outcome;
            ++counters_.outages;
            if (!co_await until(now() + outage_pause(outages))) co_return outcome;
        }
    }

    awaitable<error_code> carry_out_guarded(const effects& what) {
        try {
            co_return error_of(co_await apply_effects(what, ports_));
        } catch (const std::exception& e) {
            log::error("worker.threw", {{"worker", worker_.name}, {"what", e.what()}});
        }
        co_return make_error_code(errc::threw);
    }

    milliseconds outage_pause(int outages) const {
        return std::min<milliseconds>(worker_.retry.outage_pause, milliseconds{50} * (1LL << std::min(outages, 10)));
    }

    // A record that the broker will never take (its bytes and our headers are over the topic's limit) goes without its
    // value: its headers say where the original is.
    awaitable<bool> publish_until_acknowledged(kafka::record out) {
        while (!draining_) {
            std::vector<kafka::record> one;
            one.push_back(out);
            const auto outcome = error_of(co_await ports_.producer.publish(std::move(one)));
            if (!outcome) co_return true;
            if (failure_of(outcome) == failure::refused) {
                log::error("worker.record_not_taken", {{"worker", worker_.name}, {"topic", out.topic},
                                                          {"bytes", out.value.size()}, {"error", outcome.message()}});
                if (out.value.empty()) co_return true;
                out.headers.push_back({"airi-value-left-out", std::to_string(out.value.size())});
                out.value.clear();
            } else {
                co_await pause(worker_.retry.outage_pause);
            }
        }
        co_return false;
    }

    // Waits in slices, so that a drain is not held up.
    awaitable<bool> until(instant when) {
        for (auto left = when - now(); left.count() > 0; left = when - now()) {
            if (draining_) co_return false;
            co_await pause(std::min(milliseconds{100}, std::chrono::ceil<milliseconds>(left)));
        }
        co_return !draining_;
    }

    void finish(job& j) {
        --counters_.in_work;
        const auto next = j.of->progress.finished(j.message.offset);
        if (j.of->pressure.done() == backpressure::action::resume && j.of->state == partition::ours)
            consumer_->resume(j.of->id);
        if (next && j.of->state != partition::gone) consumer_->commit({{j.of->id, *next}});
        if (!worker_.handle_batch) next_of(order_key(j.message));
    }

    static error_code error_of(const result<>& r) { return r ? error_code{} : r.error(); }

    void report(std::string_view what, const kafka::message& m, const error_code& why) {
        log::warn(what,
            {{"worker", worker_.name}, {"topic", m.topic}, {"partition", m.partition}, {"offset", m.offset},
                {"event_id", record{m}.id().text()}, {"error", why.message()}, {"kind", name_of(failure_of(why))}});
    }

    worker worker_;
    runner_ports ports_;
    executor on_;
    kafka::consumer* consumer_ = nullptr;
    std::map<kafka::partition_id, std::shared_ptr<partition>> partitions_;
    key_order<job> order_;
    std::deque<job> ready_;
    std::size_t running_ = 0;
    bool draining_ = false;
    bool healthy_ = true;
    runner_counters counters_;
};

}  // namespace

std::unique_ptr<runner> make_runner(worker w, runner_ports ports, executor on) {
    return std::make_unique<running_worker>(std::move(w), ports, on);
}

}  // namespace airi::workers
