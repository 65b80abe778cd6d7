// Executes a script: sends one reply at its pace with its faults, streamed or whole.
#pragma once

#include <cstddef>

#include "tests/support/stub_provider/connection.hpp"
#include "tests/support/stub_provider/dialect.hpp"
#include "tests/support/stub_provider/journal.hpp"

namespace airi::stub_provider {

struct outcome {
    int status = 200;
    std::size_t tokens_sent = 0;
    bool client_gone = false;
    bool keep_alive = true;
};

// `what` and `to` must outlive the coroutine; `keep_alive` is the client's request.
awaitable<outcome> perform_stream(
    connection& target, const exchange& what, journal& records, record_key which, bool keep_alive);
awaitable<outcome> perform_whole(connection& target, const exchange& what, bool keep_alive);

}  // namespace airi::stub_provider
