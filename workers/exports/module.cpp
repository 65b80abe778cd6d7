#include "workers/exports/exports.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

worker wire(worker_host& host) { return exports::declare(host.database()); }

}  // namespace

extern const worker_module exports_module = module_of<wire>("exports");

}  // namespace airi::workers
