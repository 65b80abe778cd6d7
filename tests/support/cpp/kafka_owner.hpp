// Test clients of the Kafka port: a thread that runs coroutines, and an owner that records everything its consumer
// reports.
#pragma once

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "platform/kafka/kafka.hpp"

namespace airi::test {

class coroutine_thread {
public:
    coroutine_thread() : work_(boost::asio::make_work_guard(context_)), thread_([this] { context_.run(); }) {}
    ~coroutine_thread() {
        work_.reset();
        context_.stop();
        thread_.join();
    }
    executor on() { return context_.get_executor(); }
    template <class T>
    std::future<T> start(awaitable<T> what) {
        return boost::asio::co_spawn(context_, std::move(what), boost::asio::use_future);
    }
    template <class T>
    T run(awaitable<T> what) {
        return start(std::move(what)).get();
    }
    template <class Function>
    void call(Function function) {
        std::promise<void> done;
        boost::asio::post(context_, [&] {
            function();
            done.set_value();
        });
        done.get_future().get();
    }

private:
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_;
};

class recording_owner : public kafka::consumer_owner {
public:
    enum class commits { on_arrival, when_revoked, never };

    explicit recording_owner(commits when) : when_(when) {}

    void open(kafka::consumer_options options, coroutine_thread& on) {
        open_with(
            [&](executor thread, kafka::consumer_owner& owner) {
                return kafka::open_consumer(std::move(options), std::move(thread), owner);
            },
            on);
    }
    /// `make` returns the consumer for an executor and an owner.
    template <class Make>
    void open_with(Make make, coroutine_thread& on) {
        thread_ = &on;
        consumer_ = make(on.on(), *this);
    }
    /// Stops and destroys the consumer.
    void close() {
        if (!consumer_) return;
        thread_->run(consumer_->stop(seconds{9}));
        thread_->call([this] { consumer_.reset(); });
    }
    ~recording_owner() override { close(); }

    kafka::consumer& consumer() { return *consumer_; }
    coroutine_thread& thread() { return *thread_; }

    void arrived(std::vector<kafka::message> batch) override {
        std::vector<std::pair<kafka::partition_id, std::int64_t>> next;
        for (const auto& m : batch) next.push_back({{m.topic, m.partition}, m.offset + 1});
        if (when_ == commits::on_arrival) consumer_->commit(next);
        const std::scoped_lock held(lock_);
        for (auto& m : batch) messages_.push_back(std::move(m));
        changed_.notify_all();
    }
    void assigned(std::vector<kafka::partition_id> partitions) override {
        const std::scoped_lock held(lock_);
        owned_.insert(partitions.begin(), partitions.end());
        ++assignments_;
        changed_.notify_all();
    }
    awaitable<> revoked(std::vector<kafka::partition_id> partitions) override {
        if (when_ == commits::when_revoked) consumer_->commit(finished());
        const std::scoped_lock held(lock_);
        for (const auto& each : partitions) owned_.erase(each);
        ++revocations_;
        changed_.notify_all();
        co_return;
    }
    void failed(std::string reason) override {
        const std::scoped_lock held(lock_);
        reason_ = std::move(reason);
        changed_.notify_all();
    }

    template <class Condition>
    bool eventually(Condition holds, milliseconds limit = seconds(20)) {
        std::unique_lock held(lock_);
        return changed_.wait_for(held, limit, [&] { return holds(*this); });
    }
    bool arrive(std::size_t count, milliseconds limit = seconds(20)) {
        return eventually([&](auto& o) { return o.messages_.size() >= count; }, limit);
    }
    bool owns(std::size_t count) {
        return eventually([&](auto& o) { return o.owned_.size() == count; });
    }
    std::vector<kafka::message> messages() {
        const std::scoped_lock held(lock_);
        return messages_;
    }
    std::vector<std::string> values() {
        std::vector<std::string> all;
        for (const auto& m : messages()) all.push_back(m.value);
        return all;
    }
    std::set<kafka::partition_id> owned() {
        const std::scoped_lock held(lock_);
        return owned_;
    }
    int assignments() {
        const std::scoped_lock held(lock_);
        return assignments_;
    }
    int revocations() {
        const std::scoped_lock held(lock_);
        return revocations_;
    }
    std::optional<std::string> reason() {
        const std::scoped_lock held(lock_);
        return reason_;
    }
    /// Waits until the consumer has reported a fatal failure.
    bool fails() {
        return eventually([](auto& o) { return o.reason_.has_value(); });
    }

private:
    std::vector<std::pair<kafka::partition_id, std::int64_t>> finished() {
        std::vector<std::pair<kafka::partition_id, std::int64_t>> next;
        for (const auto& m : messages()) next.push_back({{m.topic, m.partition}, m.offset + 1});
        return next;
    }

    const commits when_;
    coroutine_thread* thread_ = nullptr;
    std::unique_ptr<kafka::consumer> consumer_;
    std::mutex lock_;
    std::condition_variable changed_;
    std::vector<kafka::message> messages_;
    std::set<kafka::partition_id> owned_;
    int assignments_ = 0;
    int revocations_ = 0;
    std::optional<std::string> reason_;
};

/// Polls a condition that sends no notification.
template <class Condition>
bool becomes_true(Condition holds, milliseconds limit = seconds(20)) {
    for (const auto until = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < until;) {
        if (holds()) return true;
        std::this_thread::sleep_for(milliseconds(5));
    }
    return holds();
}

}  // namespace airi::test
