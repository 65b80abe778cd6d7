// The Kafka ports: a producer whose publish ends with the broker's acknowledgement, a consumer that hands over records
// and commits the offsets its owner has finished. Used by the gateway (producer) and workers/runtime (both).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/async.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/result.hpp"
#include "platform/kafka/access.hpp"

namespace airi::kafka {

/// `unavailable` and `closed` (shutting down) are outages; `too_large` and `rejected` (the broker will never accept
/// this record, or this topic's settings) are refused; `gone` (records that were to be read have been deleted) is
/// missing; `unknown_topic` and `misconfigured` (a right or a feature is missing) are misconfigured; `broken` is a
/// mistake of this program.
enum class errc { unavailable = 1, too_large, unknown_topic, closed, rejected, misconfigured, broken, gone };
error_code make_error_code(errc);

struct header {
    std::string name;
    std::string value;
};

/// A record to be sent. The partition is chosen from the key (murmur2, as every other Kafka client does).
struct record {
    std::string topic;
    std::string key;
    std::string value;
    std::vector<header> headers;
    bool batchable = false;  ///< may wait for a larger batch, see `producer_options::batch_linger`
};

/// A record that was read.
struct message {
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    instant appended;  ///< the broker's append time
    std::string key;
    std::string value;
    std::vector<header> headers;
    std::chrono::steady_clock::time_point received{};  ///< by this process

    /// The value of the last header called `name`, or an empty view.
    std::string_view header_value(std::string_view name) const;
};

/// At least once: idempotent, acks=all, uncompressed so that every client reads it. Thread safe.
class producer {
public:
    virtual ~producer() = default;
    /// Ends when the broker has acknowledged every record of the batch (in order per key), or with the first
    /// error. After `unavailable` it is unknown whether some were written: publish again, readers recognise
    /// duplicates by their ids.
    virtual awaitable<result<>> publish(std::vector<record> batch) = 0;
    /// True while the last delivery report or metadata answer came from a broker.
    virtual bool available() const = 0;
    /// Waits up to `limit` for records in flight, then closes. Blocks.
    virtual void close(milliseconds limit) = 0;
};

struct partition_id {
    std::string topic;
    std::int32_t partition = 0;
    auto operator<=>(const partition_id&) const = default;
};

/// The callbacks of a consumer; every call is on the executor given at start, one at a time.
class consumer_owner {
public:
    virtual ~consumer_owner() = default;
    /// Records of one or more partitions, in order per partition.
    virtual void arrived(std::vector<message> batch) = 0;
    virtual void assigned(std::vector<partition_id> partitions) = 0;
    /// The partitions go to another member when this coroutine ends (bounded by
    /// `consumer_options::revoke_limit`): the last chance to commit finished offsets. Their records still being
    /// handled stay with the owner. Also during stop(), for everything that is assigned then.
    virtual awaitable<> revoked(std::vector<partition_id> partitions) = 0;
    /// The consumer cannot continue (fenced by a second process with the same instance id, …): drain and leave.
    virtual void failed(std::string reason) = 0;
};

struct consumer_options {
    access brokers;
    std::string group;     ///< the worker's name
    std::string instance;  ///< group.instance.id, stable per worker slot; empty = dynamic membership
    std::vector<std::string> topics;
    milliseconds session_timeout{10'000};
    milliseconds revoke_limit{3'000};
    bool from_beginning = true;  ///< where a group without a committed offset starts
    bool gathers = false;        ///< fetches many records at once, or what is there after the fetch wait
};

/// Commits are by the owner only. All calls from the owner's executor.
class consumer {
public:
    virtual ~consumer() = default;
    /// Next offset to read per partition; asynchronous, the latest wins; errors are logged, and the next commit
    /// repeats them.
    virtual void commit(const std::vector<std::pair<partition_id, std::int64_t>>& next) = 0;
    virtual void pause(const partition_id&) = 0;
    virtual void resume(const partition_id&) = 0;
    /// The number of records of all assigned partitions not yet handed over, at most half a second old; -1 when
    /// unknown.
    virtual std::int64_t lag() const = 0;
    /// The same by topic, of the topics with an assigned partition; a topic whose lag is unknown is left out.
    virtual std::map<std::string, std::int64_t> lag_by_topic() const = 0;
    /// Stops intake at once; ends when the group has been left and the last commits are stored, or at the limit. A
    /// static member keeps its partitions for the session timeout.
    virtual awaitable<> stop(milliseconds limit) = 0;
};

struct producer_options {
    access brokers;
    std::string client_id;
    /// How long a record waits for a larger batch. Under load batches grow by themselves while requests are in
    /// flight.
    milliseconds linger{0};
    /// The same for batchable records, which then have a connection of their own; zero: no difference is made.
    milliseconds batch_linger{0};
    milliseconds message_timeout{30'000};
};

std::unique_ptr<producer> open_producer(producer_options);
/// Starts a consumer thread; `owner` must outlive the consumer's stop().
std::unique_ptr<consumer> open_consumer(consumer_options, executor on, consumer_owner& owner);

struct topic_spec {
    std::string name;
    int partitions = 12;
    std::vector<std::pair<std::string, std::string>> config;
};
/// Creates the missing topics, and waits until they can be used; existing ones are not changed. Blocks up to `limit`
/// for each.
result<> create_topics(const access& brokers, const std::vector<topic_spec>&, milliseconds limit);

/// A user's right to read or write a topic or, for readers, a consumer group; both include seeing it.
struct right {
    enum class kind { topic, group };
    enum class operation { read, write };

    std::string user;
    kind on;
    std::string name;
    operation may;
};
/// Adds the missing rights, from any host. Brokers without an authorizer know no rights and need none. Blocks up to
/// `limit`.
result<> grant_rights(const access& brokers, const std::vector<right>&, milliseconds limit);

}  // namespace airi::kafka

template <>
struct boost::system::is_error_code_enum<airi::kafka::errc> : std::true_type {};
