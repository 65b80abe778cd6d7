// The meaning of each error of librdkafka and of the brokers, for produced records and administrative requests. Private
// to platform/kafka.
#pragma once

#include <optional>

#include "platform/kafka/kafka.hpp"

namespace airi::kafka {

/// None for a code that the table lacks, as a newer library may have.
std::optional<errc> meaning_of(int librdkafka_error);

/// The same as an error; no error for success. A code without a meaning is an outage, in which nothing is lost.
error_code error_of(int librdkafka_error);

}  // namespace airi::kafka
