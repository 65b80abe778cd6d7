// The brokers' addresses and a client's credentials for them: the settings that every program with Kafka has.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "platform/base/secret.hpp"
#include "platform/base/settings.hpp"

namespace airi::kafka {

/// The names behind KAFKA_ are librdkafka's. Certificates are verified, with the brokers' host names.
struct access {
    access() = default;
    /// Brokers that ask for nothing.
    access(std::string at) : servers(std::move(at)) {}

    std::string servers = "127.0.0.1:9092";
    std::string protocol = "PLAINTEXT";
    std::string mechanism = "SCRAM-SHA-256";
    std::string username;
    secret password;
    std::string ca_location;
    std::string certificate_location;
    std::string key_location;
    secret key_password;

    static constexpr auto settings = std::tuple{
        setting{"KAFKA_BROKERS", &access::servers, "Kafka's bootstrap servers."},
        setting{"KAFKA_SECURITY_PROTOCOL", &access::protocol, "PLAINTEXT, SASL_PLAINTEXT, SSL or SASL_SSL."},
        setting{"KAFKA_SASL_MECHANISM", &access::mechanism, "SCRAM-SHA-256, SCRAM-SHA-512 or PLAIN."},
        setting{"KAFKA_USERNAME", &access::username, "This program's user at Kafka; needs a SASL_ protocol."},
        setting{"KAFKA_PASSWORD", &access::password, "Its password."},
        setting{"KAFKA_SSL_CA_LOCATION", &access::ca_location,
            "The certificate authorities for the brokers, a file; empty: the system's."},
        setting{"KAFKA_SSL_CERTIFICATE_LOCATION", &access::certificate_location,
            "This client's certificate, a file; empty: none."},
        setting{"KAFKA_SSL_KEY_LOCATION", &access::key_location, "The certificate's private key, a file."},
        setting{"KAFKA_SSL_KEY_PASSWORD", &access::key_password, "The password of the private key; empty: none."},
    };

    std::vector<std::string> mistakes() const;
};

}  // namespace airi::kafka
