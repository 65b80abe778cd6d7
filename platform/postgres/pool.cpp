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

constexpr auto shortest_pause = milliseconds(50);
constexpr auto longest_pause = milliseconds(2000);
constexpr auto idle_check = milliseconds(500);
constexpr auto farewell = seconds(5);
// Measured on two cores, 8 connections, 200 callers: four in a flight read a quarter more than one and write
// as much. More read faster still, but all wait for the slowest before them.
constexpr std::size_t max_in_flight = 4;

struct job {
    transaction work;
    std::function<void(answer)> done;
};

class pool final : public database {
public:
    explicit pool(const pool_options& with) : waiting_(with.waiting) {
        for (std::size_t i = 0; i < std::max<std::size_t>(with.connections, 1); ++i)
            links_.push_back(std::make_unique<connection>(with.url));
        for (auto& each : links_) threads_.emplace_back([this, link = each.get()] { serve(*link); });
    }

    ~pool() override {
        {
            const std::scoped_lock held(lock_);
            stopping_ = true;
            stop_by_ = steady_clock::now() + farewell;
        }
        work_.notify_all();
        retry_.notify_all();
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
            queue_.push_back({std::move(work), std::move(done)});
        }
        work_.notify_one();
        return true;
    }

    void serve(connection& link) {
        std::vector<job> flight;
        while ((link.is_open() || connect(link)) && take(link, flight)) fly(link, flight);
        if (link.is_open()) --connected_;
    }

    // False when the thread is to end. Between failed attempts it waits for its time or for another thread's
    // success.
    bool connect(connection& link) {
        for (auto pause = shortest_pause;; pause = std::min(pause * 2, longest_pause)) {
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

    // False when the thread is to end. Nothing may be taken: the connection turned out dead, or it is just
    // time to look.
    bool take(connection& link, std::vector<job>& flight) {
        std::unique_lock held(lock_);
        work_.wait_for(held, idle_check, [&] { return stopping_ || !queue_.empty(); });
        if (stopping_ && (queue_.empty() || steady_clock::now() > stop_by_)) return false;
        held.unlock();
        if (!link.alive()) {
            --connected_;
            // This thread may have been the one woken for a transaction.
            work_.notify_one();
            return true;
        }
        held.lock();
        // No more than its share: the rest is for connections that are free.
        const auto share = (queue_.size() + links_.size() - 1) / links_.size();
        for (auto n = std::min(share, max_in_flight); n > 0; --n) {
            flight.push_back(std::move(queue_.front()));
            queue_.pop_front();
        }
        return true;
    }

    void fly(connection& link, std::vector<job>& flight) {
        if (flight.empty()) return;
        std::vector<transaction> batch;
        for (auto& each : flight) batch.push_back(std::move(each.work));
        link.run(
            batch, [&](std::size_t i, answer reply) { flight[i].done(std::move(reply)); }, [this] { return late(); });
        flight.clear();
        if (!link.is_open()) --connected_;
    }

    // Another connection, or nobody, has the rest to do.
    bool leaving() {
        const std::scoped_lock held(lock_);
        return stopping_ && (queue_.empty() || connected_ > 0);
    }

    bool late() {
        const std::scoped_lock held(lock_);
        return stopping_ && steady_clock::now() > stop_by_;
    }

    const std::size_t waiting_;
    std::mutex lock_;
    std::condition_variable work_;
    std::condition_variable retry_;
    std::deque<job> queue_;
    std::atomic<std::size_t> connected_ = 0;
    std::size_t arrivals_ = 0;
    bool down_ = false;
    bool stopping_ = false;
    steady_clock::time_point stop_by_;
    std::vector<std::unique_ptr<connection>> links_;
    std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<database> open(pool_options with) { return std::make_unique<pool>(with); }

}  // namespace airi::postgres
