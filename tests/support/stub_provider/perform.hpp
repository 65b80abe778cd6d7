// Carries out a script: sends one reply at its pace with its faults, streamed or whole.
// Used by answer.cpp for every request that gets a reply.
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

// `what` and `to` live until the coroutine is over; `keep_alive` is what the client asked for.
awaitable<outcome> perform_stream(
    connection& to, const exchange& what, journal& book, record_key which, bool keep_alive);
awaitable<outcome> perform_whole(connection& to, const exchange& what, bool keep_alive);

}  // namespace airi::stub_provider
