#include <boost/asio/co_spawn.hpp>
#include <condition_variable>
#include <exception>
#include <set>
#include <thread>

#include "platform/base/log.hpp"
#include "platform/kafka/group_member.hpp"

namespace airi::kafka {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t largest_batch = 500;
constexpr auto longest_batch = milliseconds(5);
// Records posted to the owner whose executor has not come to them; beyond it the thread waits, and a process
// that never comes to them leaves the group by max.poll.interval.
constexpr std::size_t most_unseen = 5'000;
constexpr auto commit_interval = milliseconds(100);
constexpr auto commit_again = seconds(1);
constexpr milliseconds last_commit_limit{2'000};
constexpr milliseconds last_commit_limit_without_broker{500};
constexpr auto leave_limit = seconds(9);
constexpr auto leave_limit_without_broker = seconds(4);

// What posted calls need after the consumer may have gone. `owner` and `intake` are touched on the executor
// alone.
struct link {
    consumer_owner* owner;
    bool intake = true;

    std::mutex lock;
    std::condition_variable changed;
    std::size_t unseen = 0;

    void seen(std::size_t records) {
        const std::scoped_lock held(lock);
        unseen -= records;
        changed.notify_one();
    }
};

struct ending {
    std::mutex lock;
    std::condition_variable changed;
    bool ended = false;

    void end() {
        const std::scoped_lock held(lock);
        ended = true;
        changed.notify_one();
    }
    bool wait(milliseconds limit) {
        std::unique_lock held(lock);
        return changed.wait_for(held, limit, [this] { return ended; });
    }
};

awaitable<> tell_revoked(std::shared_ptr<link> to, std::vector<partition_id> partitions) {
    if (to->owner) co_await to->owner->revoked(std::move(partitions));
}

class rdkafka_consumer final : public consumer, public member_events {
public:
    rdkafka_consumer(consumer_options options, executor on, consumer_owner& owner)
        : options_(std::move(options)),
          executor_(std::move(on)),
          link_(std::make_shared<link>(&owner)),
          connection_(options_.group + ":consumer"),
          member_(std::make_unique<group_member>(options_, connection_, *this)) {
        thread_ = std::thread([this] { run(); });
    }
    ~rdkafka_consumer() override;

    void commit(const offsets& next) override;
    void pause(const partition_id& which) override { order(which, true); }
    void resume(const partition_id& which) override { order(which, false); }
    std::int64_t lag() const override { return lag_; }
    awaitable<> stop() override;

private:
    void on_assign(const std::vector<partition_id>& partitions) override;
    void on_revoke(const std::vector<partition_id>& partitions, bool lost) override;
    void on_fatal(std::string reason) override;

    void order(const partition_id& which, bool pause);
    void begin_stop();
    void run();
    void obey();
    void fill();
    void hand_over();
    void wait_for_room();
    void commit_due();
    void commit_now();
    offsets owed();
    void note(const group_member::outcome& is);
    void measure();
    void finish();

    const consumer_options options_;
    const executor executor_;
    const std::shared_ptr<link> link_;
    connection connection_;

    std::mutex lock_;
    commit_state book_;
    std::vector<std::pair<partition_id, bool>> orders_;
    std::vector<std::function<void(bool)>> stopped_;
    bool finished_ = false;

    std::atomic<bool> stopping_{false};
    std::atomic<bool> abandoned_{false};
    std::atomic<std::int64_t> lag_{-1};

    // The rest belongs to the thread; others call only member_->wake(), under lock_.
    std::unique_ptr<group_member> member_;
    std::vector<message> batch_;
    std::set<partition_id> paused_;
    clock::time_point next_commit_;
    clock::time_point next_measure_;
    std::thread thread_;
};

rdkafka_consumer::~rdkafka_consumer() {
    link_->owner = nullptr;
    abandoned_ = true;
    begin_stop();
    thread_.join();
}

void rdkafka_consumer::commit(const offsets& next) {
    const std::scoped_lock held(lock_);
    for (const auto& [which, offset] : next) book_.finished(which, offset);
}

void rdkafka_consumer::order(const partition_id& which, bool pause) {
    const std::scoped_lock held(lock_);
    orders_.emplace_back(which, pause);
    if (member_) member_->wake();
}

void rdkafka_consumer::begin_stop() {
    const std::scoped_lock held(lock_);
    stopping_ = true;
    if (member_) member_->wake();
    const std::scoped_lock waiting(link_->lock);
    link_->changed.notify_one();
}

awaitable<> rdkafka_consumer::stop() {
    link_->intake = false;
    begin_stop();
    co_await from_callback<bool>([this](auto done) {
        const std::scoped_lock held(lock_);
        if (finished_) return done(true);
        stopped_.emplace_back(std::move(done));
    });
}

void rdkafka_consumer::run() {
    while (!stopping_) {
        obey();
        commit_due();
        member_->probe();
        measure();
        fill();
        hand_over();
        wait_for_room();
    }
    finish();
}

void rdkafka_consumer::obey() {
    std::vector<std::pair<partition_id, bool>> orders;
    {
        const std::scoped_lock held(lock_);
        orders.swap(orders_);
        std::erase_if(orders, [this](const auto& each) { return !book_.assigned(each.first); });
    }
    // Resuming what is not paused makes 2.0.2 fetch from an old position
    // (https://github.com/confluentinc/librdkafka/issues/4636).
    for (const auto& [which, pause] : orders) {
        if (pause && paused_.insert(which).second) member_->pause(which);
        if (!pause && paused_.erase(which)) member_->resume(which);
    }
}

void rdkafka_consumer::fill() {
    auto next = member_->poll(milliseconds(100));
    const auto until = clock::now() + longest_batch;
    while (next) {
        batch_.push_back(std::move(*next));
        if (batch_.size() >= largest_batch || clock::now() >= until) return;
        next = member_->poll(milliseconds(0));
    }
}

void rdkafka_consumer::hand_over() {
    if (batch_.empty()) return;
    {
        const std::scoped_lock held(lock_);
        for (const auto& each : batch_) book_.handed_over({each.topic, each.partition}, each.offset);
    }
    {
        const std::scoped_lock held(link_->lock);
        link_->unseen += batch_.size();
    }
    boost::asio::post(executor_, [to = link_, batch = std::exchange(batch_, {})]() mutable {
        to->seen(batch.size());
        if (to->owner && to->intake) to->owner->arrived(std::move(batch));
    });
}

void rdkafka_consumer::wait_for_room() {
    std::unique_lock held(link_->lock);
    while (link_->unseen > most_unseen && !stopping_) {
        link_->changed.wait_for(held, commit_interval);
        held.unlock();
        commit_due();
        held.lock();
    }
}

offsets rdkafka_consumer::owed() {
    const std::scoped_lock held(lock_);
    return book_.owed();
}

void rdkafka_consumer::note(const group_member::outcome& is) {
    const std::scoped_lock held(lock_);
    for (const auto& [which, next] : is.stored) book_.stored(which, next);
    if (is.failed) next_commit_ = clock::now() + commit_again;
}

void rdkafka_consumer::commit_due() {
    if (const auto is = member_->committed(milliseconds(0))) note(*is);
    if (member_->committing() || clock::now() < next_commit_) return;
    const auto list = owed();
    if (list.empty()) return;
    member_->commit(list);
    next_commit_ = clock::now() + commit_interval;
}

void rdkafka_consumer::commit_now() {
    const auto limit = connection_.up() ? last_commit_limit : last_commit_limit_without_broker;
    if (const auto before = member_->committed(limit)) note(*before);
    const auto list = owed();
    if (member_->committing() || list.empty()) return;
    member_->commit(list);
    if (const auto is = member_->committed(limit)) note(*is);
}

void rdkafka_consumer::on_assign(const std::vector<partition_id>& partitions) {
    {
        const std::scoped_lock held(lock_);
        book_.assign(partitions);
    }
    log::info("kafka.assigned", {{"group", options_.group}, {"partitions", partitions.size()}});
    boost::asio::post(executor_, [to = link_, partitions] {
        if (to->owner) to->owner->assigned(partitions);
    });
}

void rdkafka_consumer::on_revoke(const std::vector<partition_id>& partitions, bool lost) {
    hand_over();
    log::info("kafka.revoked", {{"group", options_.group}, {"partitions", partitions.size()}, {"lost", lost}});
    const auto told = std::make_shared<ending>();
    if (!abandoned_)
        boost::asio::co_spawn(executor_, tell_revoked(link_, partitions), [told](std::exception_ptr thrown) {
            if (thrown) log::error("kafka.revoked_threw");
            told->end();
        });
    // No poll in here, so nothing more arrives; commits still go through.
    for (const auto until = clock::now() + options_.revoke_limit; !abandoned_ && clock::now() < until;) {
        if (told->wait(commit_interval)) break;
        if (!lost) commit_due();
    }
    if (!lost) commit_now();
    for (const auto& each : partitions)
        if (paused_.erase(each)) member_->resume(each);
    const std::scoped_lock held(lock_);
    book_.revoke(partitions);
}

void rdkafka_consumer::on_fatal(std::string reason) {
    boost::asio::post(executor_, [to = link_, reason = std::move(reason)] {
        if (to->owner) to->owner->failed(reason);
    });
}

void rdkafka_consumer::measure() {
    if (clock::now() < next_measure_) return;
    next_measure_ = clock::now() + milliseconds(500);
    const std::scoped_lock held(lock_);
    std::int64_t total = 0;
    for (const auto& which : book_.partitions()) {
        const auto end = member_->end_of(which);
        const auto position = book_.position(which);
        // With nothing handed over although a fetch was answered, there was nothing to hand over.
        const bool known = end >= 0 && (position >= 0 || !paused_.contains(which));
        if (!known) {
            lag_ = -1;
            return;
        }
        if (position >= 0) total += std::max<std::int64_t>(0, end - position);
    }
    lag_ = total;
}

void rdkafka_consumer::finish() {
    const bool left = member_->leave(leave_limit, leave_limit_without_broker);
    std::unique_ptr<group_member> gone;
    {
        const std::scoped_lock held(lock_);
        finished_ = true;
        gone = std::move(member_);
        for (const auto& done : stopped_) done(true);
    }
    // Its end waits for commits that no broker answers, up to the session timeout; nothing else is waiting
    // for it.
    if (!left) std::thread([last = std::move(gone)]() mutable { last.reset(); }).detach();
}

}  // namespace

std::unique_ptr<consumer> open_consumer(consumer_options options, executor on, consumer_owner& owner) {
    return std::make_unique<rdkafka_consumer>(std::move(options), std::move(on), owner);
}

}  // namespace airi::kafka
