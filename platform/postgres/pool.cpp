#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "platform/base/log.hpp"
#include "platform/postgres/batch.hpp"
#include "platform/postgres/connection.hpp"

namespace airi::postgres {
namespace {

using std::chrono::steady_clock;

constexpr auto min_pause = milliseconds(50);
constexpr auto max_pause = milliseconds(2000);
constexpr auto idle_check = milliseconds(500);
constexpr auto close_limit = seconds(5);
// Measured on two cores, 8 connections, 200 callers: four in a flight read a quarter more than one and write as much.
// More read faster still, but each waits for the slowest before it.
constexpr std::size_t max_in_flight = 4;
constexpr std::size_t max_group = 64;

bool has_batch(const transaction& work) {
    return std::any_of(work.statements.begin(), work.statements.end(),
        [](const bound& each) { return each.statement && each.statement->batch; });
}

struct job {
    transaction work;
    std::function<void(answer)> done;
    steady_clock::time_point until;
};

class pool final : public database {
public:
    explicit pool(const pool_options& options)
        : waiting_(options.waiting), longest_wait_(options.longest_wait), group_linger_(options.group_linger) {
        for (std::size_t i = 0; i < std::max<std::size_t>(options.connections, 1); ++i)
            links_.push_back(std::make_unique<link>(options.url, options.read_only));
        for (auto& each : links_) threads_.emplace_back([this, own = each.get()] { serve(*own); });
        threads_.emplace_back([this] { watch(); });
    }

    ~pool() override {
        {
            const std::scoped_lock held(lock_);
            stopping_ = true;
            stop_by_ = steady_clock::now() + close_limit;
            wake(idle_.size());
        }
        retry_.notify_all();
        stopped_.notify_all();
        for (auto& each : threads_) each.join();
        for (auto& each : take_all()) each.done(errc::unavailable);
    }

    awaitable<result<std::vector<rows>>> run(transaction work) override {
        co_return co_await from_callback<answer>([this, work = std::move(work)](auto done) mutable {
            if (!push(work, done)) done(errc::unavailable);
        });
    }

    bool available() const override { return connected_ > 0; }

    pool_use use() const override {
        const std::scoped_lock held(lock_);
        const std::size_t open = connected_, idle = std::min(idle_.size(), open);
        return {links_.size(), idle, open - idle, queue_.size() + grouped_.size(), timeouts_};
    }

private:
    bool push(transaction& work, std::function<void(answer)> done) {
        const std::scoped_lock held(lock_);
        if (down_ || stopping_ || queue_.size() + grouped_.size() >= waiting_) return false;
        auto& queue = work.group_order ? grouped_ : queue_;
        queue.push_back({std::move(work), std::move(done), steady_clock::now() + longest_wait_});
        if (!grouping_ || !queue_.empty()) wake(1);
        return true;
    }

    // A connection and its thread.
    struct link : connection {
        using connection::connection;
        std::condition_variable woken;
        bool idle = false;
    };

    void serve(link& own) {
        std::vector<job> flight;
        while ((own.is_open() || connect(own)) && wait_for_work(own)) {
            if (take_group(own, flight)) run_group(own, flight);
            if (take(own, flight)) run_flight(own, flight);
        }
        if (own.is_open()) --connected_;
    }

    // The connection that was used last is the first to work again: its server process has the plans and pages that
    // another one would have to make and read. Needs the lock.
    void wake(std::size_t count) {
        for (; count > 0 && !idle_.empty(); --count) {
            idle_.back()->idle = false;
            idle_.back()->woken.notify_one();
            idle_.pop_back();
        }
    }

    // False when the thread must end. Between failed attempts it waits for a pause or for another thread's success.
    bool connect(connection& link) {
        for (auto pause = min_pause;; pause = std::min(pause * 2, max_pause)) {
            if (leaving()) return false;
            if (link.open([this] { return late(); })) {
                connected();
                return true;
            }
            refuse_all_if_down(link);
            std::unique_lock held(lock_);
            const auto seen = arrivals_;
            retry_.wait_for(held, pause, [&] { return stopping_ || arrivals_ != seen; });
            if (stopping_) return false;
        }
    }

    void connected() {
        const std::scoped_lock held(lock_);
        ++connected_;
        ++arrivals_;
        if (std::exchange(down_, false)) log::info("postgres.up");
        retry_.notify_all();
    }

    void refuse_all_if_down(const connection& link) {
        std::deque<job> refused;
        {
            const std::scoped_lock held(lock_);
            if (connected_ > 0) return;
            if (!std::exchange(down_, true)) log::warn("postgres.down", {{"reason", link.reason()}});
            refused = take_all();
        }
        for (auto& each : refused) each.done(errc::unavailable);
    }

    // One thread looks after the queue and the idle connections of all, so that no other wakes up without work. Their
    // own threads cannot touch them meanwhile: those wait for the lock.
    void watch() {
        std::unique_lock held(lock_);
        while (!stopped_.wait_for(held, idle_check, [&] { return stopping_; })) {
            for (auto* queue : {&queue_, &grouped_}) refuse_late(*queue, steady_clock::now());
            const auto has_input = [](const link* each) { return each->has_input(); };
            wake(std::ranges::distance(std::ranges::partition(idle_, std::not_fn(has_input))));
        }
    }

    std::deque<job> take_all() {
        auto all = std::exchange(queue_, {});
        std::move(grouped_.begin(), grouped_.end(), std::back_inserter(all));
        grouped_.clear();
        return all;
    }

    bool has_work() const { return !queue_.empty() || (!grouped_.empty() && !grouping_); }
    bool has_none_left() const { return queue_.empty() && grouped_.empty(); }

    // False when the thread must end. True without work when the connection is dead or its server has sent something.
    bool wait_for_work(link& own) {
        {
            std::unique_lock held(lock_);
            if (!stopping_ && !has_work()) {
                own.idle = true;
                idle_.push_back(&own);
                own.woken.wait(held, [&] { return !own.idle; });
            }
            if (stopping_ && (!has_work() || steady_clock::now() > stop_by_)) return false;
        }
        if (own.alive()) return true;
        --connected_;
        // A transaction may have woken this thread.
        const std::scoped_lock held(lock_);
        wake(1);
        return true;
    }

    bool take(connection& link, std::vector<job>& flight) {
        if (!link.is_open()) return false;
        const std::scoped_lock held(lock_);
        if (!grouped_.empty() && !grouping_) wake(1);
        // Only its share: the rest is for free connections.
        const auto share = (queue_.size() + links_.size() - 1) / links_.size();
        for (auto n = std::min(share, max_in_flight); n > 0; --n) {
            flight.push_back(std::move(queue_.front()));
            queue_.pop_front();
        }
        return !flight.empty();
    }

    // The oldest are in front. Needs the lock.
    void refuse_late(std::deque<job>& queue, steady_clock::time_point now) {
        for (; !queue.empty() && queue.front().until < now; queue.pop_front(), ++timeouts_)
            queue.front().done(errc::busy);
    }

    void run_flight(connection& link, std::vector<job>& flight) {
        std::vector<transaction> batch;
        std::vector<std::optional<merged_transactions>> merged;
        for (auto& each : flight) {
            auto& own = merged.emplace_back();
            if (has_batch(each.work)) own.emplace(std::vector<const transaction*>{&each.work});
            batch.push_back(own ? own->take() : std::move(each.work));
        }
        const auto done = [&](std::size_t i, answer reply) {
            if (reply && merged[i]) reply = std::move(merged[i]->divide(std::move(*reply)).front());
            flight[i].done(std::move(reply));
        };
        link.run(batch, done, [this] { return late(); });
        flight.clear();
        if (!link.is_open()) --connected_;
    }

    // One group is in flight at a time, so that the next one gathers meanwhile.
    bool take_group(connection& link, std::vector<job>& flight) {
        if (!link.is_open()) return false;
        std::unique_lock held(lock_);
        if (grouping_ || grouped_.empty()) return false;
        grouping_ = true;
        if (!queue_.empty()) wake(1);
        if (group_linger_.count() > 0) {
            held.unlock();
            std::this_thread::sleep_for(group_linger_);
            held.lock();
        }
        for (auto n = std::min(grouped_.size(), max_group); n > 0; --n) {
            flight.push_back(std::move(grouped_.front()));
            grouped_.pop_front();
        }
        // During the linger all of them may have become too late.
        if (flight.empty()) grouping_ = false;
        return !flight.empty();
    }

    void run_group(connection& link, std::vector<job>& members) {
        std::sort(members.begin(), members.end(),
            [](const job& a, const job& b) { return a.work.group_order < b.work.group_order; });
        std::vector<const transaction*> works;
        for (const auto& each : members) works.push_back(&each.work);
        merged_transactions merged(works);
        const auto whole = merged.take();
        link.run(
            {&whole, 1}, [&](std::size_t, answer reply) { end_group(members, merged, std::move(reply)); },
            [this] { return late(); });
        members.clear();
        if (link.is_open()) return;
        --connected_;
        const std::scoped_lock held(lock_);
        wake(1);
    }

    void end_group(std::vector<job>& members, const merged_transactions& merged, answer reply) {
        const bool split = !reply && members.size() > 1 && reply.error() != make_error_code(errc::unavailable);
        {
            const std::scoped_lock held(lock_);
            grouping_ = false;
            if (split) split_group(members);
        }
        if (split) return;
        if (!reply)
            for (auto& each : members) each.done(reply.error());
        else
            for (std::size_t i = 0; auto& own : merged.divide(std::move(*reply))) members[i++].done(std::move(own));
    }

    // Each member is repeated alone, by any connection.
    void split_group(std::vector<job>& members) {
        for (auto each = members.rbegin(); each != members.rend(); ++each) {
            each->work.group_order.reset();
            queue_.push_front(std::move(*each));
        }
        wake(members.size());
    }

    // True when no transaction is left, or another connection runs the rest.
    bool leaving() {
        const std::scoped_lock held(lock_);
        return stopping_ && (has_none_left() || connected_ > 0);
    }

    bool late() {
        const std::scoped_lock held(lock_);
        return stopping_ && steady_clock::now() > stop_by_;
    }

    const std::size_t waiting_;
    const milliseconds longest_wait_;
    const milliseconds group_linger_;
    mutable std::mutex lock_;
    std::condition_variable retry_;
    std::condition_variable stopped_;
    std::deque<job> queue_;
    std::deque<job> grouped_;
    bool grouping_ = false;  // a group is gathered or in flight
    std::atomic<std::size_t> connected_ = 0;
    std::size_t arrivals_ = 0;
    bool down_ = false;
    bool stopping_ = false;
    std::uint64_t timeouts_ = 0;
    steady_clock::time_point stop_by_;
    std::vector<std::unique_ptr<link>> links_;
    std::vector<link*> idle_;  // the last one was used last
    std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<database> open(pool_options options) { return std::make_unique<pool>(options); }

}  // namespace airi::postgres
