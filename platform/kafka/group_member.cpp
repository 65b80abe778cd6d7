#include "platform/kafka/group_member.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <stdexcept>

#include "platform/base/log.hpp"

namespace airi::kafka {
namespace {

using clock = std::chrono::steady_clock;
using partition_list = std::unique_ptr<rd_kafka_topic_partition_list_t, destroy<rd_kafka_topic_partition_list_destroy>>;
using event = std::unique_ptr<rd_kafka_event_t, destroy<rd_kafka_event_destroy>>;
using failure_text = std::unique_ptr<rd_kafka_error_t, destroy<rd_kafka_error_destroy>>;

settings settings_of(const consumer_options& options) {
    settings out{{"group.id", options.group}, {"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", options.from_beginning ? "earliest" : "latest"},
        // The cooperative assignor of 2.0.2 can lose an assignment
        // (https://github.com/confluentinc/librdkafka/issues/4059).
        {"partition.assignment.strategy", "range"},
        {"session.timeout.ms", std::to_string(options.session_timeout.count())},
        {"heartbeat.interval.ms", std::to_string(std::min<long long>(options.session_timeout.count() / 3, 3'000))},
        // Beyond either limit 2.0.2 fetches a partition again only after up to a second, so the limit is the one in
        // bytes: every small backlog would reach a thousand records.
        {"queued.max.messages.kbytes", "8192"}, {"queued.min.messages", "100000"},
        // A record still arrives at once; a resumed partition may have to wait this long for the running fetch.
        {"fetch.wait.max.ms", std::to_string(fetch_wait.count())}, {"fetch.error.backoff.ms", "100"},
        {"isolation.level", "read_committed"}, {"check.crcs", "true"}, {"enable.partition.eof", "false"},
        {"allow.auto.create.topics", "false"}};
    if (!options.instance.empty()) out.emplace_back("group.instance.id", options.instance);
    if (options.gathers) out.emplace_back("fetch.min.bytes", "65536");
    return out;
}

std::vector<partition_id> ids_of(const rd_kafka_topic_partition_list_t* list) {
    std::vector<partition_id> ids;
    for (int i = 0; list && i < list->cnt; ++i) ids.push_back({list->elems[i].topic, list->elems[i].partition});
    return ids;
}

partition_list list_of(const partition_id& partition) {
    partition_list list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition);
    return list;
}

}  // namespace

struct group_member::callbacks {
    static void rebalanced(rd_kafka_t*, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t* list, void* self) {
        static_cast<group_member*>(self)->rebalance(event, list);
    }
    static void failed(rd_kafka_t*, int code, const char* reason, void* self) {
        static_cast<group_member*>(self)->error(code, reason);
    }
};

void group_member::close_queue::operator()(rd_kafka_queue_s* queue) const noexcept { rd_kafka_queue_destroy(queue); }

group_member::group_member(const consumer_options& options, connection& connection, member_events& events)
    : connection_(connection), events_(events) {
    const auto& client = options.instance.empty() ? options.group : options.instance;
    auto* conf = configure(options.brokers, client, settings_of(options));
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_rebalance_cb(conf, callbacks::rebalanced);
    rd_kafka_conf_set_error_cb(conf, callbacks::failed);
    handle_ = open_handle(role::consumer, conf);
    rd_kafka_poll_set_consumer(handle_.get());
    intake_.reset(rd_kafka_queue_get_consumer(handle_.get()));
    commits_.reset(rd_kafka_queue_new(handle_.get()));

    const partition_list topics(rd_kafka_topic_partition_list_new(static_cast<int>(options.topics.size())));
    for (const auto& topic : options.topics)
        rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    if (const auto err = rd_kafka_subscribe(handle_.get(), topics.get()))
        throw std::runtime_error(std::string("kafka consumer: ") + rd_kafka_err2str(err));
}

group_member::~group_member() = default;

std::optional<message> group_member::poll(milliseconds limit) {
    const std::unique_ptr<rd_kafka_message_t, destroy<rd_kafka_message_destroy>> got(
        rd_kafka_consumer_poll(handle_.get(), static_cast<int>(limit.count())));
    if (!got) return std::nullopt;
    if (got->err == RD_KAFKA_RESP_ERR_NO_ERROR) return message_of(*got);
    error(got->err, rd_kafka_message_errstr(got.get()));
    return std::nullopt;
}

void group_member::wake() noexcept { rd_kafka_queue_yield(intake_.get()); }

void group_member::pause(const partition_id& partition) {
    rd_kafka_pause_partitions(handle_.get(), list_of(partition).get());
}

void group_member::resume(const partition_id& partition) {
    rd_kafka_resume_partitions(handle_.get(), list_of(partition).get());
}

void group_member::probe() { connection_.probe(handle_.get()); }

std::int64_t group_member::end_of(const partition_id& partition) const {
    std::int64_t low = -1, high = -1;
    const auto err =
        rd_kafka_get_watermark_offsets(handle_.get(), partition.topic.c_str(), partition.partition, &low, &high);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : -1;
}

void group_member::rebalance(int event, rd_kafka_topic_partition_list_t* partitions) {
    if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        events_.on_assign(ids_of(partitions));
        rd_kafka_assign(handle_.get(), partitions);
        return;
    }
    if (event == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS && partitions && partitions->cnt > 0)
        events_.on_revoke(ids_of(partitions), rd_kafka_assignment_lost(handle_.get()) != 0);
    rd_kafka_assign(handle_.get(), nullptr);
}

void group_member::error(int code, std::string_view reason) {
    if (code == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_fatal_error(handle_.get(), nullptr, 0)) return fatal();
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return connection_.lost(reason);
    if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
        code == RD_KAFKA_RESP_ERR__RESOLVE)
        return;
    connection_.log_error("consume", code, reason);
}

void group_member::fatal() {
    if (std::exchange(fatal_, true)) return;
    char why[512];
    const auto cause = rd_kafka_fatal_error(handle_.get(), why, sizeof why);
    log::warn("kafka.member_failed", {{"code", rd_kafka_err2name(cause)}, {"reason", why}});
    events_.on_fatal(why, cause == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
}

void group_member::commit(const offsets& next) {
    const partition_list list(rd_kafka_topic_partition_list_new(static_cast<int>(next.size())));
    for (const auto& [partition, offset] : next)
        rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)->offset = offset;
    const auto err = rd_kafka_commit_queue(handle_.get(), list.get(), commits_.get(), nullptr, nullptr);
    committing_ = err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!committing_) connection_.log_error("commit", err, rd_kafka_err2str(err));
}

std::optional<group_member::outcome> group_member::committed(milliseconds limit) {
    if (!committing_) return std::nullopt;
    const event done(rd_kafka_queue_poll(commits_.get(), static_cast<int>(limit.count())));
    if (!done) return std::nullopt;
    committing_ = false;
    outcome out;
    auto err = rd_kafka_event_error(done.get());
    const auto* list = rd_kafka_event_topic_partition_list(done.get());
    for (int i = 0; list && i < list->cnt; ++i) {
        const auto& each = list->elems[i];
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR && each.err == RD_KAFKA_RESP_ERR_NO_ERROR)
            out.stored.push_back({{each.topic, each.partition}, each.offset});
        else if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
            err = each.err;
    }
    out.failed = err != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!out.failed) connection_.answered();
    // During a rebalance a commit fails for the moment and is repeated.
    if (out.failed && err != RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS && err != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        connection_.log_error("commit", err, rd_kafka_err2str(err));
    return out;
}

bool group_member::leave(milliseconds limit, milliseconds limit_without_broker) {
    const auto begun = clock::now();
    const queue left(rd_kafka_queue_new(handle_.get()));
    if (const failure_text refused{rd_kafka_consumer_close_queue(handle_.get(), left.get())}) return true;
    // As events: rd_kafka_queue_poll_callback aborts the process when a record that was not read comes first.
    while (!rd_kafka_consumer_closed(handle_.get())) {
        if (clock::now() - begun > (connection_.up() ? limit : limit_without_broker)) return false;
        const event next(rd_kafka_queue_poll(left.get(), 50));
        const auto kind = next ? rd_kafka_event_type(next.get()) : RD_KAFKA_EVENT_NONE;
        if (kind == RD_KAFKA_EVENT_REBALANCE)
            rebalance(rd_kafka_event_error(next.get()), rd_kafka_event_topic_partition_list(next.get()));
        else if (kind == RD_KAFKA_EVENT_ERROR)
            error(rd_kafka_event_error(next.get()), rd_kafka_event_error_string(next.get()));
    }
    return true;
}

}  // namespace airi::kafka
