#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "platform/base/log.hpp"
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

struct job {
    transaction work;
    std::function<void(answer)> done;
    steady_clock::time_point until;
};

class pool final : public database {
public:
    explicit pool(const pool_options& options) : waiting_(options.waiting), longest_wait_(options.longest_wait) {
        for (std::size_t i = 0; i < std::max<std::size_t>(options.connections, 1); ++i)
            links_.push_back(std::make_unique<connection>(options.url));
        for (auto& each : links_) threads_.emplace_back([this, link = each.get()] { serve(*link); });
        threads_.emplace_back([this] { watch(); });
    }

    ~pool() override {
        {
            const std::scoped_lock held(lock_);
            stopping_ = true;
            stop_by_ = steady_clock::now() + close_limit;
        }
        work_.notify_all();
        retry_.notify_all();
        stopped_.notify_all();
        for (auto& each : threads_) each.join();
        for (auto& each : queue_) each.done(errc::unavailable);
    }

    awaitable<result<std::vector<rows>>> run(transaction work) override {
        co_return co_await from_callback<answer>([this, work = std::move(work)](auto done) mutable {
            if (!push(work, done)) done(errc::unavailable);
        });
    }

    bool available() const override { return connected_ > 0; }

private:
    bool push(transaction& work, std::function<void(answer)> done) {
        {
            const std::scoped_lock held(lock_);
            if (down_ || stopping_ || queue_.size() >= waiting_) return false;
            queue_.push_back({std::move(work), std::move(done), steady_clock::now() + longest_wait_});
        }
        work_.notify_one();
        return true;
    }

    void serve(connection& link) {
        std::vector<job> flight;
        while ((link.is_open() || connect(link)) && take(link, flight)) run_flight(link, flight);
        if (link.is_open()) --connected_;
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
            refused.swap(queue_);
        }
        for (auto& each : refused) each.done(errc::unavailable);
    }

    // One thread looks after the queue and the idle connections of all, so that no other wakes up without work. Their
    // own threads cannot touch them meanwhile: those wait for the lock.
    void watch() {
        std::unique_lock held(lock_);
        while (!stopped_.wait_for(held, idle_check, [&] { return stopping_; })) {
            refuse_late(steady_clock::now());
            if (std::erase_if(idle_, [](const connection* each) { return each->has_input(); }) > 0) work_.notify_all();
        }
    }

    // False when the thread must end. Takes nothing when the connection is dead or its server has sent something.
    bool take(connection& link, std::vector<job>& flight) {
        std::unique_lock held(lock_);
        idle_.push_back(&link);
        work_.wait(
            held, [&] { return stopping_ || !queue_.empty() || std::ranges::find(idle_, &link) == idle_.end(); });
        std::erase(idle_, &link);
        if (stopping_ && (queue_.empty() || steady_clock::now() > stop_by_)) return false;
        held.unlock();
        if (!link.alive()) {
            --connected_;
            // The notification of a transaction may have woken this thread.
            work_.notify_one();
            return true;
        }
        held.lock();
        // Only its share: the rest is for free connections.
        const auto share = (queue_.size() + links_.size() - 1) / links_.size();
        for (auto n = std::min(share, max_in_flight); n > 0; --n) {
            flight.push_back(std::move(queue_.front()));
            queue_.pop_front();
        }
        return true;
    }

    // The oldest are in front. Needs the lock.
    void refuse_late(steady_clock::time_point now) {
        for (; !queue_.empty() && queue_.front().until < now; queue_.pop_front()) queue_.front().done(errc::busy);
    }

    void run_flight(connection& link, std::vector<job>& flight) {
        if (flight.empty()) return;
        std::vector<transaction> batch;
        for (auto& each : flight) batch.push_back(std::move(each.work));
        link.run(
            batch, [&](std::size_t i, answer reply) { flight[i].done(std::move(reply)); }, [this] { return late(); });
        flight.clear();
        if (!link.is_open()) --connected_;
    }

    // True when no transaction is left, or another connection runs the rest.
    bool leaving() {
        const std::scoped_lock held(lock_);
        return stopping_ && (queue_.empty() || connected_ > 0);
    }

    bool late() {
        const std::scoped_lock held(lock_);
        return stopping_ && steady_clock::now() > stop_by_;
    }

    const std::size_t waiting_;
    const milliseconds longest_wait_;
    std::mutex lock_;
    std::condition_variable work_;
    std::condition_variable retry_;
    std::condition_variable stopped_;
    std::deque<job> queue_;
    std::atomic<std::size_t> connected_ = 0;
    std::size_t arrivals_ = 0;
    bool down_ = false;
    bool stopping_ = false;
    steady_clock::time_point stop_by_;
    std::vector<std::unique_ptr<connection>> links_;
    std::vector<const connection*> idle_;
    std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<database> open(pool_options options) { return std::make_unique<pool>(options); }

}  // namespace airi::postgres
