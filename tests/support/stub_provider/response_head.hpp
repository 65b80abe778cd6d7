// Status line and headers as each provider sends them: request ids, rate limits, Retry-After.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/stub_provider/provider.hpp"
#include "tests/support/stub_provider/script.hpp"

namespace airi::stub_provider {

struct response_head {
    int status = 200;
    std::string_view content_type = "application/json";
    std::optional<std::size_t> length = {};  // none = chunked
    bool keep_alive = true;
    bool stream = false;
    std::string_view request_id;
};

std::string fresh_request_id(provider vendor);

// With `how`, a status of 429, 503 or 529 carries the requested Retry-After.
std::string spelled(const response_head& head, provider vendor, const script& plan);
std::string control_head(int status, std::size_t length, bool keep_alive);

}  // namespace airi::stub_provider
