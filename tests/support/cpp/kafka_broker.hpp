// The broker that the integration tests share, and topics of their own for their cases.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "platform/kafka/kafka.hpp"
#include "tests/support/cpp/servers.hpp"

namespace airi::test {

inline server& broker() {
    static server instance("kafka");
    return instance;
}

/// Access to it as one of its users.
inline kafka::access broker_access(const std::string& user = "operator") {
    kafka::access out(broker().address());
    out.protocol = "SASL_PLAINTEXT";
    out.mechanism = "PLAIN";
    out.username = user;
    out.password = secret(broker().password_of(user));
    return out;
}

/// The name of a new topic.
inline std::string fresh_topic(int partitions) {
    static int count = 0;
    broker().start_again();
    const auto name = "case-" + std::to_string(++count);
    REQUIRE_FALSE(kafka::create_topics(broker_access(), {{name, partitions, {}}}, seconds(20)).has_error());
    return name;
}

}  // namespace airi::test
