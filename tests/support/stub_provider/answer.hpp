// Serves one connection, request after request: routes, checks credentials and body, rejects or performs.
#pragma once

#include <memory>

#include "tests/support/stub_provider/connection.hpp"
#include "tests/support/stub_provider/journal.hpp"

namespace airi::stub_provider {

// `book` lives as long as the process.
awaitable<void> serve(std::shared_ptr<connection> client, journal* records);

}  // namespace airi::stub_provider
