#include "workers/operations/operations.hpp"
#include "workers/runtime/worker_module.hpp"

namespace airi::workers {
namespace {

constexpr std::size_t operations_at_once = 4;

// Joined when no coroutine is left, so that no operation outlives what it uses.
struct joined_threads {
    boost::asio::thread_pool pool{operations_at_once};
    ~joined_threads() { pool.join(); }
};

worker wire(worker_host& host) {
    auto& threads = *host.own(std::make_shared<joined_threads>());
    auto& ports = host.own(operations::ports{
        host.database(), host.settings(), host.owner(), threads.pool, [&host] { return host.draining(); }});
    return operations::declare(ports);
}

}  // namespace

extern const worker_module operations_module = module_of<wire>("operations");

}  // namespace airi::workers
