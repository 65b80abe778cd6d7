#include "workers/runtime/worker_module.hpp"
#include "workers/sample_thing/sample_thing.hpp"

namespace airi::workers {
namespace {

worker wire(worker_host&) { return sample_thing::declare(); }

}  // namespace

extern const worker_module sample_thing_module = module_of<wire>("sample_thing");

}  // namespace airi::workers
