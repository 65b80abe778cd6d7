// The error responses of the five providers: text, status and JSON shape. Used before a reply starts and inside one.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/stub_provider/chat_request.hpp"
#include "tests/support/stub_provider/dialect.hpp"
#include "tests/support/stub_provider/provider.hpp"

namespace airi::stub_provider {

struct refusal {
    int status = 500;
    std::string type = {};
    std::string code = {};   // empty = null
    std::string param = {};  // empty = null
    std::string message = {};
};

struct refusal_body {
    std::string_view content_type;
    std::string text;
};

refusal unauthorised(provider vendor, bool key_was_empty);
refusal bad_body(provider vendor, body_fault wrong);
refusal not_found(provider vendor, std::string_view method, std::string_view path);
refusal missing_version(provider vendor);  // api-version, anthropic-version
refusal scripted(provider vendor, int status, std::string_view model, std::string_view code);
refusal mistaken(std::string_view word);  // the script itself is wrong

refusal_body body_of(const refusal& what, provider vendor, bool ndjson, std::string_view request_id);

// The data of an error inside a stream that started with status 200.
std::string stream_error_body(const exchange& what);

}  // namespace airi::stub_provider
