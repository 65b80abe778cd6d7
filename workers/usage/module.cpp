#include "workers/runtime/worker_module.hpp"
#include "workers/usage/usage.hpp"

namespace airi::workers {
namespace {

worker wire(worker_host&) { return usage::declare(); }

}  // namespace

extern const worker_module usage_module = module_of<wire>("usage");

}  // namespace airi::workers
