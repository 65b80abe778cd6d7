#include <boost/asio/co_spawn.hpp>
#include <condition_variable>
#include <exception>
#include <map>
#include <set>
#include <thread>

#include "platform/base/log.hpp"
#include "platform/kafka/group_member.hpp"

namespace airi::kafka {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t max_batch = 500;
constexpr auto max_batch_time = milliseconds(5);
// Records posted to the owner that its executor has not run yet; beyond it the thread waits, and a process whose
// executor hangs leaves the group by max.poll.interval.
constexpr std::size_t max_unseen = 5'000;
constexpr auto commit_interval = milliseconds(100);
// How often the lag is measured, and the wait for a record while nothing else is due.
constexpr auto rest = milliseconds(500);
constexpr auto commit_retry = seconds(1);
constexpr milliseconds last_commit_limit{2'000};
constexpr milliseconds last_commit_limit_without_broker{500};
constexpr milliseconds leave_limit{9'000};  // without stop()
// Two processes with the same instance id fence each other off: the one that is fenced twice within this time ends.
constexpr auto fencing_interval = seconds(60);
constexpr auto leave_limit_without_broker = seconds(1);

// The state of posted calls, partition may run after the consumer has gone. `owner` and `intake` are used on the
// executor only.
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

awaitable<> call_revoked(std::shared_ptr<link> link, std::vector<partition_id> partitions) {
    if (link->owner) co_await link->owner->revoked(std::move(partitions));
}

// The destructor waits for unanswered commits up to the session timeout; nothing else waits for it.
void destroy_beside(std::unique_ptr<group_member> member) {
    std::thread([last = std::move(member)]() mutable { last.reset(); }).detach();
}

class rdkafka_consumer final : public consumer, public member_events {
public:
    rdkafka_consumer(consumer_options options, executor executor, consumer_owner& owner)
        : options_(std::move(options)),
          executor_(std::move(executor)),
          link_(std::make_shared<link>(&owner)),
          connection_(options_.group + ":consumer"),
          member_(std::make_unique<group_member>(options_, connection_, *this)) {
        thread_ = std::thread([this] { run(); });
    }
    ~rdkafka_consumer() override;

    void commit(const offsets& next) override;
    void pause(const partition_id& partition) override { request(partition, true); }
    void resume(const partition_id& partition) override { request(partition, false); }
    std::int64_t lag() const override { return lag_; }
    std::map<std::string, std::int64_t> lag_by_topic() const override {
        const std::scoped_lock held(lock_);
        return topic_lags_;
    }
    awaitable<> stop(milliseconds limit) override;

private:
    void on_assign(const std::vector<partition_id>& partitions) override;
    void on_revoke(const std::vector<partition_id>& partitions, bool lost) override;
    void on_fatal(std::string reason, bool fenced) override;

    void request(const partition_id& partition, bool pause);
    void begin_stop();
    void run();
    void apply_requests();
    void fill();
    void hand_over();
    void wait_for_room();
    void commit_due();
    void commit_now();
    offsets due();
    milliseconds patience();
    void record(const group_member::outcome& outcome);
    void measure();
    void rejoin();
    void finish();

    const consumer_options options_;
    const executor executor_;
    const std::shared_ptr<link> link_;
    connection connection_;

    mutable std::mutex lock_;
    commit_state commits_;
    std::vector<std::pair<partition_id, bool>> requests_;
    std::vector<std::function<void(bool)>> stopped_;
    bool finished_ = false;

    std::atomic<milliseconds> leave_limit_{leave_limit};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> abandoned_{false};
    std::atomic<std::int64_t> lag_{-1};
    std::map<std::string, std::int64_t> topic_lags_;

    // The rest belongs to the thread; others call only member_->wake(), under lock_.
    std::unique_ptr<group_member> member_;
    std::vector<message> batch_;
    std::set<partition_id> paused_;
    clock::time_point next_commit_;
    clock::time_point next_measure_;
    std::optional<clock::time_point> fenced_at_;
    bool fenced_ = false;
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
    for (const auto& [partition, offset] : next) commits_.finished(partition, offset);
}

void rdkafka_consumer::request(const partition_id& partition, bool pause) {
    const std::scoped_lock held(lock_);
    requests_.emplace_back(partition, pause);
    if (member_) member_->wake();
}

void rdkafka_consumer::begin_stop() {
    const std::scoped_lock held(lock_);
    stopping_ = true;
    if (member_) member_->wake();
    const std::scoped_lock waiting(link_->lock);
    link_->changed.notify_one();
}

awaitable<> rdkafka_consumer::stop(milliseconds limit) {
    link_->intake = false;
    leave_limit_ = limit;
    begin_stop();
    co_await from_callback<bool>([this](auto done) {
        const std::scoped_lock held(lock_);
        if (finished_) return done(true);
        stopped_.emplace_back(std::move(done));
    });
}

void rdkafka_consumer::run() {
    while (!stopping_) {
        apply_requests();
        commit_due();
        member_->probe();
        measure();
        fill();
        hand_over();
        wait_for_room();
        if (fenced_) rejoin();
    }
    finish();
}

void rdkafka_consumer::apply_requests() {
    std::vector<std::pair<partition_id, bool>> requests;
    {
        const std::scoped_lock held(lock_);
        requests.swap(requests_);
        std::erase_if(requests, [this](const auto& each) { return !commits_.assigned(each.first); });
    }
    // Resuming a partition that is not paused makes 2.0.2 fetch from an old position
    // (https://github.com/confluentinc/librdkafka/issues/4636).
    for (const auto& [partition, pause] : requests) {
        if (pause && paused_.insert(partition).second) member_->pause(partition);
        if (!pause && paused_.erase(partition)) member_->resume(partition);
    }
}

// A record, a request and the stop end the wait early; a commit, its answer and the probe of a broker do not.
milliseconds rdkafka_consumer::patience() {
    const std::scoped_lock held(lock_);
    return commits_.settled() && !member_->committing() && connection_.up() ? rest : commit_interval;
}

void rdkafka_consumer::fill() {
    auto next = member_->poll(patience());
    const auto until = clock::now() + max_batch_time;
    while (next) {
        batch_.push_back(std::move(*next));
        if (batch_.size() >= max_batch || clock::now() >= until) return;
        next = member_->poll(milliseconds(0));
    }
}

void rdkafka_consumer::hand_over() {
    if (batch_.empty()) return;
    {
        const std::scoped_lock held(lock_);
        for (const auto& each : batch_) commits_.handed_over({each.topic, each.partition}, each.offset);
    }
    {
        const std::scoped_lock held(link_->lock);
        link_->unseen += batch_.size();
    }
    boost::asio::post(executor_, [link = link_, batch = std::exchange(batch_, {})]() mutable {
        link->seen(batch.size());
        if (link->owner && link->intake) link->owner->arrived(std::move(batch));
    });
}

void rdkafka_consumer::wait_for_room() {
    std::unique_lock held(link_->lock);
    while (link_->unseen > max_unseen && !stopping_) {
        link_->changed.wait_for(held, commit_interval);
        held.unlock();
        commit_due();
        held.lock();
    }
}

offsets rdkafka_consumer::due() {
    const std::scoped_lock held(lock_);
    return commits_.due();
}

void rdkafka_consumer::record(const group_member::outcome& outcome) {
    const std::scoped_lock held(lock_);
    for (const auto& [partition, next] : outcome.stored) commits_.stored(partition, next);
    if (outcome.failed) next_commit_ = clock::now() + commit_retry;
}

void rdkafka_consumer::commit_due() {
    if (const auto outcome = member_->committed(milliseconds(0))) record(*outcome);
    if (member_->committing() || clock::now() < next_commit_) return;
    const auto list = due();
    if (list.empty()) return;
    member_->commit(list);
    next_commit_ = clock::now() + commit_interval;
}

void rdkafka_consumer::commit_now() {
    const auto limit = connection_.up() ? last_commit_limit : last_commit_limit_without_broker;
    if (const auto outcome = member_->committed(limit)) record(*outcome);
    const auto list = due();
    if (member_->committing() || list.empty()) return;
    member_->commit(list);
    if (const auto outcome = member_->committed(limit)) record(*outcome);
}

void rdkafka_consumer::on_assign(const std::vector<partition_id>& partitions) {
    {
        const std::scoped_lock held(lock_);
        commits_.assign(partitions);
    }
    log::info("kafka.assigned", {{"group", options_.group}, {"partitions", partitions.size()}});
    boost::asio::post(executor_, [link = link_, partitions] {
        if (link->owner) link->owner->assigned(partitions);
    });
}

void rdkafka_consumer::on_revoke(const std::vector<partition_id>& partitions, bool lost) {
    hand_over();
    log::info("kafka.revoked", {{"group", options_.group}, {"partitions", partitions.size()}, {"lost", lost}});
    const auto ended = std::make_shared<ending>();
    if (!abandoned_)
        boost::asio::co_spawn(executor_, call_revoked(link_, partitions), [ended](std::exception_ptr thrown) {
            if (thrown) log::error("kafka.revoked_threw");
            ended->end();
        });
    // No poll in here, so nothing more arrives; commits still go through.
    for (const auto until = clock::now() + options_.revoke_limit; !abandoned_ && clock::now() < until;) {
        if (ended->wait(commit_interval)) break;
        if (!lost) commit_due();
    }
    if (!lost) commit_now();
    for (const auto& each : partitions)
        if (paused_.erase(each)) member_->resume(each);
    const std::scoped_lock held(lock_);
    commits_.revoke(partitions);
}

// 2.0.2 fences its own member off: a commit that waited for a broker is sent with the member id of before the session
// ended there, after the group has given the instance a new one.
void rdkafka_consumer::on_fatal(std::string reason, bool fenced) {
    const auto last = std::exchange(fenced_at_, clock::now());
    fenced_ = fenced && (!last || *fenced_at_ - *last > fencing_interval);
    if (fenced_) return;
    boost::asio::post(executor_, [link = link_, reason = std::move(reason)] {
        if (link->owner) link->owner->failed(reason);
    });
}

void rdkafka_consumer::measure() {
    if (clock::now() < next_measure_) return;
    next_measure_ = clock::now() + rest;
    const std::scoped_lock held(lock_);
    std::map<std::string, std::int64_t> lags;
    std::set<std::string> unknown;
    for (const auto& partition : commits_.partitions()) {
        const auto end = member_->end_of(partition);
        const auto position = commits_.position(partition);
        // A fetch was answered and nothing was handed over: there was nothing to read.
        const bool known = end >= 0 && (position >= 0 || !paused_.contains(partition));
        if (!known) unknown.insert(partition.topic);
        lags[partition.topic] += position >= 0 ? std::max<std::int64_t>(0, end - position) : 0;
    }
    std::int64_t total = 0;
    for (const auto& [topic, count] : lags) total += count;
    for (const auto& topic : unknown) lags.erase(topic);
    lag_ = unknown.empty() ? total : -1;
    topic_lags_ = std::move(lags);
}

void rdkafka_consumer::rejoin() {
    fenced_ = false;
    std::vector<partition_id> lost;
    {
        const std::scoped_lock held(lock_);
        lost = commits_.partitions();
    }
    if (!lost.empty()) on_revoke(lost, true);
    auto member = std::make_unique<group_member>(options_, connection_, *this);
    {
        const std::scoped_lock held(lock_);
        member_.swap(member);
    }
    destroy_beside(std::move(member));
}

void rdkafka_consumer::finish() {
    const bool left = member_->leave(leave_limit_.load(), leave_limit_without_broker);
    std::unique_ptr<group_member> gone;
    {
        const std::scoped_lock held(lock_);
        finished_ = true;
        gone = std::move(member_);
        for (const auto& done : stopped_) done(true);
    }
    if (!left) destroy_beside(std::move(gone));
}

}  // namespace

std::unique_ptr<consumer> open_consumer(consumer_options options, executor executor, consumer_owner& owner) {
    return std::make_unique<rdkafka_consumer>(std::move(options), std::move(executor), owner);
}

}  // namespace airi::kafka
