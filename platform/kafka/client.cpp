#include "platform/kafka/client.hpp"

#include <librdkafka/rdkafka.h>
#include <sys/prctl.h>

#include <algorithm>
#include <stdexcept>

#include "platform/base/error_table.hpp"
#include "platform/base/log.hpp"

namespace airi::kafka {
namespace {

using clock = std::chrono::steady_clock;

constexpr error_row<errc> error_rows[] = {
    {errc::unavailable, "no broker acknowledged", failure::outage},
    {errc::too_large, "the record is too large", failure::refused},
    {errc::unknown_topic, "the topic does not exist", failure::refused},
    {errc::closed, "the client is closed", failure::outage},
    {errc::rejected, "the broker rejected the record", failure::refused},
};

// The library's own lines repeat the error callback's, from any of its threads.
void library_line(const rd_kafka_t*, int, const char* facility, const char* text) {
    log::debug("kafka.library", {{"facility", facility}, {"text", text}});
}

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
    char why[256];
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) == RD_KAFKA_CONF_OK) return;
    rd_kafka_conf_destroy(conf);
    throw std::invalid_argument("kafka setting " + name + ": " + why);
}

}  // namespace

error_code make_error_code(errc code) {
    static const error_table<errc> table("airi.kafka", error_rows);
    return table.code(code);
}

std::string_view message::header_value(std::string_view name) const {
    for (auto header = headers.rbegin(); header != headers.rend(); ++header)
        if (header->name == name) return header->value;
    return {};
}

void close_handle::operator()(rd_kafka_s* handle) const noexcept {
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

rd_kafka_conf_s* configure(const std::string& brokers, const std::string& client_id, const settings& own) {
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, library_line);
    set(conf, "bootstrap.servers", brokers);
    if (!client_id.empty()) set(conf, "client.id", client_id);
    set(conf, "socket.nagle.disable", "true");
    set(conf, "socket.keepalive.enable", "true");
    set(conf, "socket.timeout.ms", "10000");
    set(conf, "reconnect.backoff.ms", "50");
    set(conf, "reconnect.backoff.max.ms", "1000");
    set(conf, "topic.metadata.refresh.interval.ms", "10000");
    for (const auto& [name, value] : own) set(conf, name, value);
    return conf;
}

// 2.0.2 spins for up to a millisecond before each of its timers, of which every handle has one a second
// (https://github.com/confluentinc/librdkafka/issues/4684). Its threads have the timer slack of the one that makes the
// handle: with more than that millisecond they sleep past the timer. Nothing that it is woken up for becomes later.
handle open_handle(role kind, rd_kafka_conf_s* configuration) {
    constexpr unsigned long slack_ns = 2'000'000;
    const auto own = prctl(PR_GET_TIMERSLACK);
    prctl(PR_SET_TIMERSLACK, slack_ns);
    char why[512];
    handle opened(
        rd_kafka_new(kind == role::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, configuration, why, sizeof why));
    prctl(PR_SET_TIMERSLACK, own);
    if (opened) return opened;
    rd_kafka_conf_destroy(configuration);
    throw std::runtime_error(std::string("kafka client: ") + why);
}

error_code meaning_of(int librdkafka_error) {
    switch (librdkafka_error) {
        case RD_KAFKA_RESP_ERR_NO_ERROR: return {};
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: return errc::too_large;
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: return errc::unknown_topic;
        case RD_KAFKA_RESP_ERR__INVALID_ARG:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
        case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
        case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
        case RD_KAFKA_RESP_ERR_POLICY_VIOLATION: return errc::rejected;
        default: return errc::unavailable;
    }
}

void connection::answered() {
    if (up()) return;
    if (state_.exchange(state::up) == state::down) log::info("kafka.back", {{"client", client_}});
}

void connection::lost(std::string_view reason) {
    if (state_.exchange(state::down) == state::down) return;
    log::error("kafka.unavailable", {{"client", client_}, {"reason", reason}});
}

void connection::log_error(std::string_view operation, int librdkafka_error, std::string_view reason) {
    const auto now = clock::now();
    int silent = 0;
    {
        const std::scoped_lock held(lock_);
        auto found = std::ranges::find(complaints_, librdkafka_error, &complaint::code);
        if (found == complaints_.end()) {
            complaints_.push_back({librdkafka_error, now, 0});
        } else if (now - found->last < seconds(10)) {
            ++found->silent;
            return;
        } else {
            silent = std::exchange(found->silent, 0);
            found->last = now;
        }
    }
    log::error("kafka.error", {{"client", client_}, {"doing", operation},
                                  {"code", rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(librdkafka_error))},
                                  {"reason", reason}, {"not_logged", silent}});
}

void connection::probe(rd_kafka_s* handle) {
    const auto now = clock::now();
    if (up() || now < next_probe_) return;
    const struct rd_kafka_metadata* answer = nullptr;
    const auto err =
        rd_kafka_metadata(handle, 0, nullptr, &answer, static_cast<int>((fetch_wait + milliseconds(200)).count()));
    next_probe_ = clock::now() + seconds(1);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        lost(rd_kafka_err2str(err));
        return;
    }
    rd_kafka_metadata_destroy(answer);
    answered();
}

}  // namespace airi::kafka
