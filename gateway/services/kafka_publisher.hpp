// The publisher over Kafka. Made by main.
#pragma once

#include <memory>

#include "gateway/services/publisher.hpp"
#include "platform/kafka/kafka.hpp"

namespace airi::gateway {

/// `producer` must outlive it.
std::unique_ptr<publisher> make_publisher(kafka::producer& producer);

}  // namespace airi::gateway
