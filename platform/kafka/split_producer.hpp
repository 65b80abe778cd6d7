// A producer made of two: batchable records go through one that lingers, so that one request carries many. Used by
// open_producer.
#pragma once

#include "platform/kafka/kafka.hpp"

namespace airi::kafka {

/// Records of one key keep their order among the batchable and among the prompt ones, not between the two.
std::unique_ptr<producer> make_split_producer(std::unique_ptr<producer> prompt, std::unique_ptr<producer> batching);

}  // namespace airi::kafka
