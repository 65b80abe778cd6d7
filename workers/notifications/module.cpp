#include "workers/notifications/notifications.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

worker wire(worker_host& host) { return notifications::declare(host.database()); }

}  // namespace

extern const worker_module notifications_module = module_of<wire>("notifications");

}  // namespace airi::workers
