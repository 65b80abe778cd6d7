// The port that sends messages, while the worker goes on. At least once. Used by the email worker.
#pragma once

#include <memory>

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"
#include "workers/email/mime_message.hpp"
#include "workers/email/transport.hpp"

namespace airi::workers::email {

class send_pool {
public:
    virtual ~send_pool() = default;
    virtual awaitable<result<>> send(mime_message) = 0;
};

/// Runs the transport on `threads` threads of its own. The destructor stops sends in progress; the event loop of the
/// callers must outlive it.
std::unique_ptr<send_pool> open_send_pool(std::unique_ptr<transport>, std::size_t threads = 4);

}  // namespace airi::workers::email
