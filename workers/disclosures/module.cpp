#include "workers/disclosures/disclosures.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

worker wire(worker_host&) { return disclosures::declare(); }

}  // namespace

extern const worker_module disclosures_module = module_of<wire>("disclosures");

}  // namespace airi::workers
