// The mail worker's port to the world: a letter goes out while the worker goes on. At least once.
#pragma once

#include <memory>

#include "platform/base/async.hpp"
#include "platform/base/result.hpp"
#include "workers/email/mime_message.hpp"
#include "workers/email/transport.hpp"

namespace airi::workers::email {

class sender {
public:
    virtual ~sender() = default;
    virtual awaitable<result<>> send(letter) = 0;
};

/// Runs the transport on `threads` threads of its own. Its destruction ends what is under way; the loop of those who
/// wait must outlive it.
std::unique_ptr<sender> open_sender(std::unique_ptr<transport>, std::size_t threads = 4);

}  // namespace airi::workers::email
