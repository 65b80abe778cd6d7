// publisher over Kafka.
#pragma once

#include <memory>

#include "gateway/services/services.hpp"
#include "platform/kafka/kafka.hpp"

namespace airi::gateway {

/// `to` must outlive it.
std::unique_ptr<publisher> make_publisher(kafka::producer& to);

}  // namespace airi::gateway
