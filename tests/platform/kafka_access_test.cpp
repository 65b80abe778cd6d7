#include "platform/kafka/access.hpp"

#include <doctest/doctest.h>

#include "platform/kafka/kafka.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using test::contains;

namespace {

loaded<kafka::access> with(std::map<std::string, std::string> values) {
    environment from;
    from.values = std::move(values);
    return load<kafka::access>(from);
}

bool complains(std::map<std::string, std::string> values, std::string_view of) {
    const auto got = with(std::move(values)).mistakes;
    return std::any_of(got.begin(), got.end(), [&](const auto& mistake) { return contains(mistake, of); });
}

}  // namespace

TEST_CASE("the settings of Kafka are librdkafka's, and contradictions are mistakes") {
    CHECK(with({}).mistakes.empty());
    const auto full = with({{"KAFKA_BROKERS", "a:1,b:2"}, {"KAFKA_SECURITY_PROTOCOL", "SASL_SSL"},
        {"KAFKA_SASL_MECHANISM", "SCRAM-SHA-512"}, {"KAFKA_USERNAME", "worker"}, {"KAFKA_PASSWORD", "p"},
        {"KAFKA_SSL_CA_LOCATION", "/etc/ssl/certs/ca-certificates.crt"}});
    CHECK(full.mistakes.empty());
    CHECK(full.value.servers == "a:1,b:2");
    CHECK(full.value.password.reveal() == "p");
    const auto client = kafka::open_producer({.brokers = full.value, .client_id = "test"});
    CHECK_FALSE(client->available());
    client->close(milliseconds{0});

    CHECK(complains({{"KAFKA_SECURITY_PROTOCOL", "TLS"}}, "KAFKA_SECURITY_PROTOCOL is"));
    CHECK(complains({{"KAFKA_SASL_MECHANISM", "NONE"}}, "KAFKA_SASL_MECHANISM is"));
    CHECK(complains({{"KAFKA_SECURITY_PROTOCOL", "SASL_SSL"}, {"KAFKA_USERNAME", "worker"}}, "needs KAFKA_USERNAME"));
    CHECK(complains({{"KAFKA_USERNAME", "worker"}, {"KAFKA_PASSWORD", "p"}}, "need the KAFKA_SECURITY_PROTOCOL SASL_"));
    CHECK(complains({{"KAFKA_SSL_CA_LOCATION", "/ca"}}, "KAFKA_SSL_"));
    CHECK(complains({{"KAFKA_SECURITY_PROTOCOL", "SSL"}, {"KAFKA_SSL_KEY_LOCATION", "/key"}}, "need each other"));
}

TEST_CASE("an authority that cannot be read stops the start") {
    kafka::access broken("127.0.0.1:1");
    broken.protocol = "SSL";
    broken.ca_location = "/no/such/file";
    CHECK_THROWS(kafka::open_producer({.brokers = broken, .client_id = "test"}));
}
