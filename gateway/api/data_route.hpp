// Answers a data route: runs its statement with parameters taken from the request by name.
#pragma once

#include "gateway/api/route.hpp"

namespace airi::gateway {

/// Runs the statement that the exchange's route names.
awaitable<route_result> answer_data(exchange&);

/// A form of `data` other than JSON, as a file.
struct file_format {
    std::string_view content_type, name;
    std::string (*make)(json::value data);
};

/// answer_data(), as a file where the query's `format` is not json.
awaitable<route_result> answer_file(exchange&, file_format);

}  // namespace airi::gateway
