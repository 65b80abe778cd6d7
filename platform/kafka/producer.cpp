#include <librdkafka/rdkafka.h>

#include <deque>
#include <map>
#include <shared_mutex>
#include <thread>

#include "platform/base/log.hpp"
#include "platform/kafka/client.hpp"
#include "platform/kafka/errors.hpp"
#include "platform/kafka/split_producer.hpp"

namespace airi::kafka {
namespace {

using clock = std::chrono::steady_clock;
using main_queue = std::unique_ptr<rd_kafka_queue_t, destroy<rd_kafka_queue_destroy>>;
using topic_handle = std::unique_ptr<rd_kafka_topic_t, destroy<rd_kafka_topic_destroy>>;

constexpr std::size_t max_record_bytes = 1'000'000;
// librdkafka's own size of a record besides its bytes.
constexpr std::size_t record_overhead = 512;
constexpr std::size_t max_waiting = 10'000;
constexpr auto max_wait_for_room = seconds(1);
// The thread's wait for reports: while records wait for room or no broker answers, and otherwise.
constexpr int short_wait_ms = 50, long_wait_ms = 1000;

std::size_t size_of(const record& r) {
    std::size_t bytes = record_overhead + r.key.size() + r.value.size();
    for (const auto& h : r.headers) bytes += 16 + h.name.size() + h.value.size();
    return bytes;
}

// One publish: ends at the first error or with the last report. Owned by its records in flight, and by the caller that
// still hands records over.
class delivery {
public:
    using done_function = std::function<void(result<>)>;

    delivery(std::vector<record> batch, done_function done) : records(std::move(batch)), done_(std::move(done)) {}

    void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
    void release() {
        if (holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        end({});
        delete this;
    }
    void end(result<> outcome) {
        if (!ended_.exchange(true)) std::exchange(done_, nullptr)(outcome);
    }

    const std::vector<record> records;
    std::size_t next = 0;
    clock::time_point until;

private:
    done_function done_;
    std::atomic<std::size_t> holders_{1};
    std::atomic<bool> ended_{false};
};

class rdkafka_producer final : public producer {
public:
    explicit rdkafka_producer(producer_options options)
        : options_(std::move(options)), connection_(options_.client_id + ":producer"), handle_(open()) {
        thread_ = std::thread([this] { run(); });
    }
    ~rdkafka_producer() override { close(milliseconds(0)); }

    awaitable<result<>> publish(std::vector<record> batch) override;
    bool available() const override { return connection_.up(); }
    void close(milliseconds limit) override;

private:
    enum class progress { handed_over, no_room };

    static void reported(rd_kafka_t*, const rd_kafka_message_t* message, void* self);
    static void failed(rd_kafka_t*, int err, const char* reason, void* self);

    handle open();
    void begin(std::vector<record> batch, delivery::done_function done);
    progress hand_over(delivery& batch);
    rd_kafka_resp_err_t produce(const record& r, delivery& batch);
    rd_kafka_topic_t* topic(const std::string& name);
    void run();
    bool retry_waiting();
    void wake();
    void give_up();
    void renew();

    const producer_options options_;
    connection connection_;
    // Shared by publishers, exclusive while the handle is replaced.
    std::shared_mutex use_;
    handle handle_;
    // Topic objects are cached: librdkafka requests a topic's metadata again after its last object has gone.
    std::mutex topics_lock_;
    std::map<std::string, topic_handle, std::less<>> topics_;
    std::mutex waiting_lock_;
    std::deque<delivery*> waiting_;
    std::atomic<bool> closed_{false};
    std::atomic<bool> fatal_{false};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

handle rdkafka_producer::open() {
    auto* conf = configure(options_.brokers, options_.client_id,
        {{"enable.idempotence", "true"}, {"acks", "all"}, {"compression.type", "none"},
            {"partitioner", "murmur2_random"}, {"message.max.bytes", std::to_string(max_record_bytes)},
            {"linger.ms", std::to_string(options_.linger.count())},
            {"message.timeout.ms", std::to_string(options_.message_timeout.count())}, {"request.timeout.ms", "10000"},
            {"retry.backoff.ms", "50"}, {"queue.buffering.max.messages", "50000"},
            {"queue.buffering.max.kbytes", "65536"},
            // A topic is unknown when it has not come up by then; before the record itself would time out.
            {"topic.metadata.propagation.max.ms",
                std::to_string(std::min<long long>(5000, options_.message_timeout.count() / 2))}});
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_dr_msg_cb(conf, reported);
    rd_kafka_conf_set_error_cb(conf, failed);
    return open_handle(role::producer, conf);
}

awaitable<result<>> rdkafka_producer::publish(std::vector<record> batch) {
    if (batch.empty()) co_return result<>();
    for (const auto& r : batch)
        if (size_of(r) > max_record_bytes) co_return errc::too_large;
    co_return co_await from_callback<result<>>(
        [this, batch = std::move(batch)](auto done) mutable { begin(std::move(batch), std::move(done)); });
}

void rdkafka_producer::begin(std::vector<record> batch, delivery::done_function done) {
    const std::shared_lock held(use_);
    if (closed_) return done(errc::closed);
    auto* starting = new delivery(std::move(batch), std::move(done));
    const std::scoped_lock waiting(waiting_lock_);
    if (waiting_.empty() && hand_over(*starting) == progress::handed_over) return starting->release();
    if (waiting_.size() >= max_waiting) {
        starting->end(errc::unavailable);
        return starting->release();
    }
    starting->until = clock::now() + max_wait_for_room;
    waiting_.push_back(starting);
    if (waiting_.size() == 1) wake();
}

rdkafka_producer::progress rdkafka_producer::hand_over(delivery& batch) {
    for (; batch.next < batch.records.size(); ++batch.next) {
        batch.hold();
        const auto err = produce(batch.records[batch.next], batch);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        batch.release();
        if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) return progress::no_room;
        batch.end(error_of(err));
        break;
    }
    return progress::handed_over;
}

rd_kafka_resp_err_t rdkafka_producer::produce(const record& r, delivery& batch) {
    auto* target = topic(r.topic);
    if (!target) return rd_kafka_last_error();
    auto* headers = r.headers.empty() ? nullptr : rd_kafka_headers_new(r.headers.size());
    for (const auto& h : r.headers)
        rd_kafka_header_add(headers, h.name.data(), static_cast<ssize_t>(h.name.size()), h.value.data(),
            static_cast<ssize_t>(h.value.size()));
    // The partitioner spreads null keys, not empty ones.
    const void* key = r.key.empty() ? nullptr : r.key.data();
    const auto err = rd_kafka_producev(handle_.get(), RD_KAFKA_VTYPE_RKT, target, RD_KAFKA_VTYPE_MSGFLAGS,
        int{RD_KAFKA_MSG_F_COPY}, RD_KAFKA_VTYPE_KEY, key, r.key.size(), RD_KAFKA_VTYPE_VALUE, r.value.data(),
        r.value.size(), RD_KAFKA_VTYPE_HEADERS, headers, RD_KAFKA_VTYPE_OPAQUE, &batch, RD_KAFKA_VTYPE_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && headers) rd_kafka_headers_destroy(headers);
    return err;
}

rd_kafka_topic_t* rdkafka_producer::topic(const std::string& name) {
    const std::scoped_lock held(topics_lock_);
    if (const auto found = topics_.find(name); found != topics_.end()) return found->second.get();
    topic_handle opened(rd_kafka_topic_new(handle_.get(), name.c_str(), nullptr));
    if (!opened) return nullptr;
    return topics_.emplace(name, std::move(opened)).first->second.get();
}

void rdkafka_producer::reported(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
    auto& producer = *static_cast<rdkafka_producer*>(self);
    auto& batch = *static_cast<delivery*>(message->_private);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        producer.connection_.answered();
    } else {
        if (message->err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
            producer.connection_.lost("a record was not acknowledged in time");
        else if (message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE && message->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
            producer.connection_.log_error("publish", message->err, rd_kafka_err2str(message->err));
        batch.end(error_of(message->err));
    }
    batch.release();
}

void rdkafka_producer::failed(rd_kafka_t* client, int err, const char* reason, void* self) {
    auto& producer = *static_cast<rdkafka_producer*>(self);
    if (err == RD_KAFKA_RESP_ERR__FATAL) {
        char why[512];
        const auto cause = rd_kafka_fatal_error(client, why, sizeof why);
        log::error("kafka.producer_renewed", {{"code", rd_kafka_err2name(cause)}, {"reason", why}});
        producer.fatal_ = true;
    } else if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        producer.connection_.lost(reason);
    } else if (err != RD_KAFKA_RESP_ERR__TRANSPORT && err != RD_KAFKA_RESP_ERR__TIMED_OUT) {
        producer.connection_.log_error("connect", err, reason);
    }
}

void rdkafka_producer::run() {
    while (!stop_) {
        const bool waiting = retry_waiting();
        connection_.probe(handle_.get());
        rd_kafka_poll(handle_.get(), waiting || !connection_.up() ? short_wait_ms : long_wait_ms);
        if (fatal_.exchange(false)) renew();
    }
}

// True while records wait for room.
bool rdkafka_producer::retry_waiting() {
    const std::scoped_lock held(waiting_lock_);
    while (!waiting_.empty()) {
        auto& first = *waiting_.front();
        if (hand_over(first) == progress::no_room) {
            if (clock::now() < first.until) return true;
            first.end(errc::unavailable);
        }
        waiting_.pop_front();
        first.release();
    }
    return false;
}

// Ends the thread's wait for reports, or its next one.
void rdkafka_producer::wake() {
    const main_queue reports(rd_kafka_queue_get_main(handle_.get()));
    rd_kafka_queue_yield(reports.get());
}

// Ends everything in flight as unavailable: whether it was written is unknown.
void rdkafka_producer::give_up() {
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (rd_kafka_outq_len(handle_.get()) > 0) rd_kafka_poll(handle_.get(), 10);
    const std::scoped_lock held(waiting_lock_);
    for (auto* each : waiting_) {
        each->end(errc::unavailable);
        each->release();
    }
    waiting_.clear();
}

// An idempotent producer cannot go on after a fatal error, which 2.0.2 raises even after a mere disconnect
// (https://github.com/confluentinc/librdkafka/issues/4438).
void rdkafka_producer::renew() {
    const std::unique_lock held(use_);
    give_up();
    topics_.clear();
    handle_.reset();
    handle_ = open();
    fatal_ = false;
}

void rdkafka_producer::close(milliseconds limit) {
    {
        const std::unique_lock held(use_);
        if (closed_.exchange(true)) return;
    }
    const auto until = clock::now() + limit;
    const auto busy = [this] {
        const std::shared_lock held(use_);
        const std::scoped_lock waiting(waiting_lock_);
        return !waiting_.empty() || rd_kafka_outq_len(handle_.get()) > 0;
    };
    while (clock::now() < until && busy()) std::this_thread::sleep_for(milliseconds(2));
    stop_ = true;
    {
        const std::shared_lock held(use_);
        wake();
    }
    thread_.join();
    give_up();
    topics_.clear();
    handle_.reset();
}

}  // namespace

std::unique_ptr<producer> open_producer(producer_options options) {
    if (options.batch_linger.count() == 0) return std::make_unique<rdkafka_producer>(std::move(options));
    auto batching = options;
    batching.linger = options.batch_linger;
    batching.client_id += ":patient";
    return make_split_producer(std::make_unique<rdkafka_producer>(std::move(options)),
        std::make_unique<rdkafka_producer>(std::move(batching)));
}

}  // namespace airi::kafka
