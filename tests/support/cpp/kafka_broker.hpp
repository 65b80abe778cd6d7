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

/// The name of a new topic.
inline std::string fresh_topic(int partitions) {
    static int count = 0;
    broker().start_again();
    const auto name = "case-" + std::to_string(++count);
    REQUIRE_FALSE(kafka::create_topics(broker().address(), {{name, partitions, {}}}, seconds(20)).has_error());
    return name;
}

}  // namespace airi::test
