// Answers a data route: runs its statement with parameters taken from the request by name.
#pragma once

#include "gateway/api/route.hpp"

namespace airi::gateway {

/// Runs the statement that the exchange's route names.
awaitable<route_result> answer_data(exchange&);

}  // namespace airi::gateway
