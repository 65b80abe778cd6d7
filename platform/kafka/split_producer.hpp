// A producer made of two: patient records go through one that gathers them, so that a broker is asked once for many.
// Used by open_producer.
#pragma once

#include "platform/kafka/kafka.hpp"

namespace airi::kafka {

/// Records of one key keep their order among the patient and among the prompt ones, not between the two.
std::unique_ptr<producer> split_by_patience(std::unique_ptr<producer> prompt, std::unique_ptr<producer> batchable);

}  // namespace airi::kafka
