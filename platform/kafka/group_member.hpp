// librdkafka's consumer as a few calls with our own types: poll, assign, pause, commit, leave. One thread uses it, but
// any may call `wake`. Used by the consumer; private to platform/kafka.
#pragma once

#include <optional>

#include "platform/kafka/client.hpp"
#include "platform/kafka/commit_state.hpp"

struct rd_kafka_queue_s;
struct rd_kafka_topic_partition_list_s;

namespace airi::kafka {

/// Called out of `poll` and `leave`, on the thread that calls those.
class member_events {
public:
    virtual ~member_events() = default;
    virtual void on_assign(const std::vector<partition_id>& partitions) = 0;
    /// `lost`: already reassigned, so that commits are no longer possible.
    virtual void on_revoke(const std::vector<partition_id>& partitions, bool lost) = 0;
    /// This member can do nothing any more, its partitions are lost. `fenced`: another one has its instance id.
    virtual void on_fatal(std::string reason, bool fenced) = 0;
};

class group_member {
public:
    group_member(const consumer_options& options, connection& connection, member_events& events);
    ~group_member();

    /// The next record, waiting up to `limit` for one. Ends early after `wake`.
    std::optional<message> poll(milliseconds limit);
    void wake() noexcept;
    void pause(const partition_id& partition);
    void resume(const partition_id& partition);
    void probe();
    /// The end of the partition's log as of the last fetch; -1 when unknown.
    std::int64_t end_of(const partition_id& partition) const;

    /// One commit at a time; its outcome comes from `committed`.
    void commit(const offsets& next);
    bool committing() const noexcept { return committing_; }
    struct outcome {
        offsets stored;
        bool failed = false;
    };
    /// Waits up to `limit` for the running commit to end.
    std::optional<outcome> committed(milliseconds limit);

    /// Revokes the partitions (calls on_revoke) and leaves the group. Waits up to `limit` for the broker, or up to
    /// `limit_without_broker` while none answers; false when it did not answer in time.
    bool leave(milliseconds limit, milliseconds limit_without_broker);

private:
    struct callbacks;
    struct close_queue {
        void operator()(rd_kafka_queue_s* queue) const noexcept;
    };
    using queue = std::unique_ptr<rd_kafka_queue_s, close_queue>;

    void rebalance(int event, rd_kafka_topic_partition_list_s* partitions);
    void error(int code, std::string_view reason);
    void fatal();

    connection& connection_;
    member_events& events_;
    bool fatal_ = false;
    bool committing_ = false;
    handle handle_;
    queue intake_;
    queue commits_;
};

}  // namespace airi::kafka
