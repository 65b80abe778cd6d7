#include "platform/kafka/client.hpp"

#include <librdkafka/rdkafka.h>
#include <sys/prctl.h>

#include <stdexcept>

#include "platform/base/log.hpp"

namespace airi::kafka {
namespace {

using clock = std::chrono::steady_clock;

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

void set_access(rd_kafka_conf_t* conf, const access& brokers) {
    set(conf, "bootstrap.servers", brokers.servers);
    set(conf, "security.protocol", brokers.protocol);
    if (!brokers.username.empty()) {
        set(conf, "sasl.mechanism", brokers.mechanism);
        set(conf, "sasl.username", brokers.username);
        set(conf, "sasl.password", brokers.password.reveal());
    }
    set(conf, "ssl.endpoint.identification.algorithm", "https");
    const auto set_if_given = [&](const char* name, const std::string& value) {
        if (!value.empty()) set(conf, name, value);
    };
    set_if_given("ssl.ca.location", brokers.ca_location);
    set_if_given("ssl.certificate.location", brokers.certificate_location);
    set_if_given("ssl.key.location", brokers.key_location);
    set_if_given("ssl.key.password", brokers.key_password.reveal());
}

}  // namespace

std::string_view message::header_value(std::string_view name) const {
    for (auto header = headers.rbegin(); header != headers.rend(); ++header)
        if (header->name == name) return header->value;
    return {};
}

void close_handle::operator()(rd_kafka_s* handle) const noexcept {
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

rd_kafka_conf_s* configure(const access& brokers, const std::string& client_id, const settings& own) {
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, library_line);
    set_access(conf, brokers);
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

message message_of(const rd_kafka_message_s& record) {
    message out;
    out.received = std::chrono::steady_clock::now();
    out.topic = rd_kafka_topic_name(record.rkt);
    out.partition = record.partition;
    out.offset = record.offset;
    if (const auto time = rd_kafka_message_timestamp(&record, nullptr); time >= 0)
        out.appended = instant(milliseconds(time));
    if (record.key) out.key.assign(static_cast<const char*>(record.key), record.key_len);
    if (record.payload) out.value.assign(static_cast<const char*>(record.payload), record.len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&record, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return out;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    out.headers.reserve(rd_kafka_header_cnt(headers));
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
        ++i)
        out.headers.push_back({name, value ? std::string(static_cast<const char*>(value), size) : std::string()});
    return out;
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
    const std::string_view code = rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(librdkafka_error));
    log::write_repeated(log::level::error, "kafka.error", client_ + ' ' + std::string(code),
        {{"client", client_}, {"doing", operation}, {"code", code}, {"reason", reason}});
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
