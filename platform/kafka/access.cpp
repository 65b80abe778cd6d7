#include "platform/kafka/access.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace airi::kafka {
namespace {

constexpr std::array<std::string_view, 4> protocols{"PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"};
constexpr std::array<std::string_view, 3> mechanisms{"SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"};

bool is_one_of(auto known, std::string_view name) { return std::find(known.begin(), known.end(), name) != known.end(); }

}  // namespace

std::vector<std::string> access::mistakes() const {
    std::vector<std::string> out;
    const bool signs_in = protocol.starts_with("SASL_"), encrypts = protocol.ends_with("SSL");
    if (!is_one_of(protocols, protocol))
        out.push_back("KAFKA_SECURITY_PROTOCOL is PLAINTEXT, SASL_PLAINTEXT, SSL or SASL_SSL");
    if (!is_one_of(mechanisms, mechanism))
        out.push_back("KAFKA_SASL_MECHANISM is SCRAM-SHA-256, SCRAM-SHA-512 or PLAIN");
    if (signs_in && (username.empty() || password.empty()))
        out.push_back("KAFKA_SECURITY_PROTOCOL " + protocol + " needs KAFKA_USERNAME and KAFKA_PASSWORD");
    if (!signs_in && !(username.empty() && password.empty()))
        out.push_back("KAFKA_USERNAME and KAFKA_PASSWORD need the KAFKA_SECURITY_PROTOCOL SASL_SSL or SASL_PLAINTEXT");
    if (!encrypts && !(ca_location.empty() && certificate_location.empty() && key_location.empty()))
        out.push_back("KAFKA_SSL_… settings need the KAFKA_SECURITY_PROTOCOL SSL or SASL_SSL");
    if (certificate_location.empty() != key_location.empty())
        out.push_back("KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION need each other");
    return out;
}

}  // namespace airi::kafka
