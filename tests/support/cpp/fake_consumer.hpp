// A consumer that records commits, pauses and resumes.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "platform/kafka/kafka.hpp"

namespace airi::test {

class fake_consumer : public kafka::consumer {
public:
    /// Called at each commit, before it is recorded.
    std::function<void(const kafka::partition_id&, std::int64_t next)> at_commit;
    std::map<kafka::partition_id, std::vector<std::int64_t>> commits;
    std::set<kafka::partition_id> paused;
    int pauses = 0, resumes = 0;

    /// The offset from which the next owner would read; 0 when nothing was committed.
    std::int64_t committed(const kafka::partition_id& partition) const {
        const auto found = commits.find(partition);
        return found == commits.end() ? 0 : found->second.back();
    }

    void commit(const std::vector<std::pair<kafka::partition_id, std::int64_t>>& next) override {
        for (const auto& [partition, offset] : next) {
            if (at_commit) at_commit(partition, offset);
            commits[partition].push_back(offset);
        }
    }
    void pause(const kafka::partition_id& partition) override {
        ++pauses;
        paused.insert(partition);
    }
    void resume(const kafka::partition_id& partition) override {
        ++resumes;
        paused.erase(partition);
    }
    std::int64_t lag() const override { return 0; }
    awaitable<> stop() override { co_return; }
};

}  // namespace airi::test
