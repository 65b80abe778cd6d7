// A consumer whose assignments and records come from the test and that records commits, pauses and resumes. Conforms to
// tests/conformance/consumer_suite.hpp; its group has no other member. Single-threaded.
#pragma once

#include <boost/asio/post.hpp>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "platform/kafka/commit_state.hpp"
#include "platform/kafka/kafka.hpp"

namespace airi::test {

class fake_consumer : public kafka::consumer {
public:
    using offsets = std::map<kafka::partition_id, std::int64_t>;

    /// `group` stores the group's offsets beyond this member's end.
    explicit fake_consumer(offsets* group = nullptr) : group_(group ? group : &own_) {}

    void attach(kafka::consumer_owner& owner, executor on) {
        owner_ = &owner;
        executor_ = std::move(on);
    }
    void assign(const std::vector<kafka::partition_id>& partitions) {
        state_.assign(partitions);
        owner_->assigned(partitions);
    }
    /// One batch as it was fetched. Records of a paused partition wait until it is resumed.
    void deliver(std::vector<kafka::message> batch) {
        if (!intake_) return;
        std::vector<kafka::message> handed_over;
        for (auto& m : batch) {
            const kafka::partition_id from{m.topic, m.partition};
            if (!paused.contains(from)) state_.handed_over(from, m.offset);
            (paused.contains(from) ? waiting_[from] : handed_over).push_back(std::move(m));
        }
        if (!handed_over.empty()) owner_->arrived(std::move(handed_over));
    }
    awaitable<> revoke(std::vector<kafka::partition_id> partitions) {
        co_await owner_->revoked(partitions);
        state_.revoke(partitions);
        for (const auto& each : partitions) {
            paused.erase(each);
            waiting_.erase(each);
        }
    }

    /// Called at each commit, before it is recorded.
    std::function<void(const kafka::partition_id&, std::int64_t next)> at_commit;
    /// As the owner called; not all of them count.
    std::map<kafka::partition_id, std::vector<std::int64_t>> commits;
    std::set<kafka::partition_id> paused;
    int pauses = 0, resumes = 0;

    /// The offset from which the next owner would read; 0 when nothing was committed.
    std::int64_t committed(const kafka::partition_id& partition) const {
        const auto found = group_->find(partition);
        return found == group_->end() ? 0 : found->second;
    }

    void commit(const std::vector<std::pair<kafka::partition_id, std::int64_t>>& next) override {
        for (const auto& [partition, offset] : next) {
            if (at_commit) at_commit(partition, offset);
            commits[partition].push_back(offset);
            state_.finished(partition, offset);
        }
        for (const auto& [partition, offset] : state_.due()) {
            (*group_)[partition] = offset;
            state_.stored(partition, offset);
        }
    }
    void pause(const kafka::partition_id& partition) override {
        ++pauses;
        if (state_.assigned(partition)) paused.insert(partition);
    }
    void resume(const kafka::partition_id& partition) override {
        ++resumes;
        if (!paused.erase(partition)) return;
        boost::asio::post(
            executor_, [this, held = std::exchange(waiting_[partition], {})]() mutable { deliver(std::move(held)); });
    }
    std::int64_t lag() const override {
        std::int64_t out = state_.partitions().empty() ? -1 : 0;
        for (const auto& [partition, held] : waiting_) out += static_cast<std::int64_t>(held.size());
        return out;
    }
    std::map<std::string, std::int64_t> lag_by_topic() const override {
        std::map<std::string, std::int64_t> out;
        for (const auto& partition : state_.partitions()) out[partition.topic];
        for (const auto& [partition, held] : waiting_) out[partition.topic] += static_cast<std::int64_t>(held.size());
        return out;
    }
    awaitable<> stop(milliseconds) override {
        intake_ = false;
        if (auto all = state_.partitions(); !all.empty()) co_await revoke(std::move(all));
    }

private:
    kafka::consumer_owner* owner_ = nullptr;
    executor executor_;
    kafka::commit_state state_;
    std::map<kafka::partition_id, std::vector<kafka::message>> waiting_;
    bool intake_ = true;
    offsets own_;
    offsets* group_;
};

}  // namespace airi::test
