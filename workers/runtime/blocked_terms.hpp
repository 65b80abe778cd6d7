// Loads the product's blocked terms. For the modules of workers that screen texts.
#pragma once

#include "platform/base/async.hpp"
#include "platform/postgres/postgres.hpp"
#include "platform/safety/blocked_terms.hpp"

namespace airi::workers {

awaitable<result<>> load_blocked_terms(postgres::database&, safety::term_screen&);

}  // namespace airi::workers
