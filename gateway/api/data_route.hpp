// Answers a data route: its statement, with parameters taken from the request by name.
#pragma once

#include "gateway/api/route.hpp"

namespace airi::gateway {

awaitable<route_result> answer_data(exchange&, const route&);

}  // namespace airi::gateway
