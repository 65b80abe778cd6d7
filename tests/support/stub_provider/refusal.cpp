#include "tests/support/stub_provider/refusal.hpp"

#include <array>

#include <fmt/format.h>

#include "tests/support/stub_provider/text.hpp"

namespace airi::stub_provider {
namespace {

struct entry {
    int status;
    std::string_view type;
    std::string_view code;
    std::string_view message;
};

// https://platform.openai.com/docs/guides/error-codes; Groq and Ollama's /v1 use the same texts
constexpr std::array openai_entries{
    entry{400, "invalid_request_error", "", "Invalid request. Please check your parameters."},
    entry{401, "invalid_request_error", "invalid_api_key",
        "Incorrect API key provided. You can find your API key at "
        "https://platform.openai.com/account/api-keys."},
    entry{403, "request_forbidden", "unsupported_country_region_territory",
        "Country, region, or territory not supported"},
    entry{404, "invalid_request_error", "model_not_found",
        "The model `{}` does not exist or you do not have access to it."},
    entry{408, "invalid_request_error", "timeout", "The server had an error processing your request: timed out."},
    entry{429, "requests", "rate_limit_exceeded",
        "Rate limit reached for {} on requests per min (RPM): Limit 500, Used 500, Requested 1. "
        "Please try again in 120ms. Visit https://platform.openai.com/account/rate-limits to learn more."},
    entry{500, "server_error", "", "The server had an error while processing your request. Sorry about that!"},
    entry{503, "service_unavailable_error", "server_overloaded",
        "The engine is currently overloaded, please try again later"},
};

constexpr std::array azure_entries{
    entry{400, "", "BadRequest", "The request is invalid."},
    entry{401, "", "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid "
        "key for "
        "an active subscription and use a correct regional API endpoint for your resource."},
    entry{403, "", "403", "Access denied due to Virtual Network/Firewall rules."},
    entry{404, "", "DeploymentNotFound",
        "The API deployment for this resource does not exist. If you created the deployment within the "
        "last 5 "
        "minutes, please wait a moment and try again."},
    entry{408, "", "Timeout", "The operation was timeout."},
    entry{429, "", "429",
        "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have "
        "exceeded "
        "call rate limit of your current OpenAI S0 pricing tier. Please retry after 2 seconds."},
    entry{500, "", "InternalServerError", "The server had an error while processing your request. Sorry about that!"},
    entry{503, "", "ServiceUnavailable", "The service is temporarily unable to process your request."},
};

// https://docs.anthropic.com/en/api/errors
constexpr std::array anthropic_entries{
    entry{400, "invalid_request_error", "", "messages: at least one message is required"},
    entry{401, "authentication_error", "", "invalid x-api-key"},
    entry{403, "permission_error", "", "Your API key does not have permission to use the specified resource."},
    entry{404, "not_found_error", "", "model: {}"},
    entry{408, "timeout_error", "", "Request timed out"},
    entry{413, "request_too_large", "", "Request exceeds the maximum size"},
    entry{429, "rate_limit_error", "",
        "This request would exceed your organization's rate limit of 50 requests per minute (model: {})."},
    entry{500, "api_error", "", "Internal server error"},
    entry{503, "api_error", "", "Service temporarily unavailable"},
    entry{504, "timeout_error", "", "Request timed out"},
    entry{529, "overloaded_error", "", "Overloaded"},
};

constexpr std::array ollama_entries{
    entry{400, "invalid_request_error", "", "invalid options"},
    entry{401, "authentication_error", "", "unauthorized"},
    entry{403, "forbidden", "", "forbidden"},
    entry{404, "not_found_error", "", "model '{}' not found"},
    entry{429, "rate_limit_error", "", "too many requests"},
    entry{500, "api_error", "", "llama runner process has terminated: exit status 2"},
    entry{503, "api_error", "", "server busy, please try again.  maximum pending requests exceeded"},
};

template <typename Entries>
refusal pick(const Entries& entries, int status, std::string_view model) {
    for (const entry& e : entries) {
        if (e.status != status) continue;
        std::string message(e.message);
        if (const auto gap = message.find("{}"); gap != std::string::npos) message.replace(gap, 2, model);
        return {.status = status, .type = std::string(e.type), .code = std::string(e.code), .message = message};
    }
    const bool ours = status >= 500;
    return {.status = status,
        .type = ours ? "api_error" : "invalid_request_error",
        .message = fmt::format("Request failed with status {}", status)};
}

refusal pick_for(provider vendor, int status, std::string_view model) {
    switch (vendor) {
        case provider::azure: return pick(azure_entries, status, model);
        case provider::anthropic: return pick(anthropic_entries, status, model);
        case provider::ollama: return pick(ollama_entries, status, model);
        default: break;
    }
    refusal out = pick(openai_entries, status, model);
    if (vendor == provider::groq && status == 401) out.message = "Invalid API Key";
    if (vendor == provider::groq && status >= 500) out.type = "internal_server_error";
    return out;
}

std::string nullable(std::string_view text) { return text.empty() ? "null" : json_string(text); }

std::string json_of(const refusal& what, provider vendor, bool ndjson, std::string_view request_id) {
    const std::string message = json_string(what.message);
    if (vendor == provider::anthropic) {
        return fmt::format(R"({{"type":"error","error":{{"type":{},"message":{}}},"request_id":"{}"}})",
            json_string(what.type), message, request_id);
    }
    if (ndjson) return fmt::format(R"({{"error":{}}})", message);
    if (vendor == provider::azure && what.type.empty()) {
        return fmt::format(R"({{"error":{{"code":{},"message":{}}}}})", json_string(what.code), message);
    }
    if (vendor == provider::groq) {
        const std::string code = what.code.empty() ? "" : R"(,"code":)" + json_string(what.code);
        return fmt::format(R"({{"error":{{"message":{},"type":{}{}}}}})", message, json_string(what.type), code);
    }
    return fmt::format(R"({{"error":{{"message":{},"type":{},"param":{},"code":{}}}}})", message,
        json_string(what.type), nullable(what.param), nullable(what.code));
}

}  // namespace

refusal unauthorised(provider vendor, bool key_was_empty) {
    refusal out = pick_for(vendor, 401, "");
    if (vendor == provider::anthropic) out.message = "x-api-key header is required";
    if (vendor == provider::openai) {
        out.code.clear();
        out.message =
            "You didn't provide an API key. You need to provide your API key in an Authorization header "
            "using Bearer "
            "auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from "
            "https://platform.openai.com/account/api-keys.";
    }
    // Azure's gateway responds to a request without any key in another shape; see body_of.
    if (vendor == provider::azure && !key_was_empty) {
        out.type = "gateway";
        out.message =
            "Unauthorized. Access token is missing, invalid, audience is incorrect "
            "(https://cognitiveservices.azure.com), or have expired.";
    }
    return out;
}

refusal bad_body(provider vendor, body_fault wrong) {
    refusal out{.status = 400, .type = "invalid_request_error"};
    const bool anthropic = vendor == provider::anthropic;
    switch (wrong) {
        case body_fault::not_json:
            out.message = anthropic ? "The request body is not valid JSON: expected value: line 1 column 1 (char 0)"
                          : vendor == provider::ollama ? "invalid character 'x' looking for beginning of value"
                          : vendor == provider::groq
                              ? "request body is not valid JSON"
                              : "We could not parse the JSON body of your request. (HINT: This likely "
                                "means you aren't using your HTTP library correctly. The OpenAI API "
                                "expects a JSON payload, but what was sent was not valid JSON.)";
            break;
        case body_fault::no_model:
            out.message = anthropic                    ? "model: Field required"
                          : vendor == provider::ollama ? "model is required"
                                                       : "you must provide a model parameter";
            break;
        case body_fault::no_messages:
            out.message = anthropic ? "messages: Field required" : "Missing required parameter: 'messages'.";
            if (vendor == provider::openai) out.param = "messages", out.code = "missing_required_parameter";
            break;
        case body_fault::no_max_tokens: out.message = "max_tokens: Field required"; break;
        case body_fault::none: break;
    }
    return out;
}

refusal not_found(provider vendor, std::string_view method, std::string_view path) {
    if (vendor == provider::azure) return {.status = 404, .code = "404", .message = "Resource not found"};
    if (vendor == provider::anthropic) return {.status = 404, .type = "not_found_error", .message = "Not found"};
    return {.status = 404,
        .type = "invalid_request_error",
        .code = "unknown_url",
        .message = fmt::format("Unknown request URL: {} {}. Please check the URL for typos.", method, path)};
}

refusal missing_version(provider vendor) {
    if (vendor == provider::azure) return not_found(vendor, "", "");
    return {.status = 400, .type = "invalid_request_error", .message = "anthropic-version: header is required"};
}

refusal scripted(provider vendor, int status, std::string_view model, std::string_view code) {
    refusal out = pick_for(vendor, status, model);
    if (code.empty()) return out;
    (vendor == provider::anthropic ? out.type : out.code) = code;
    if (code == "insufficient_quota") {
        out.type = code;
        out.message = "You exceeded your current quota, please check your plan and billing details.";
    }
    return out;
}

refusal mistaken(std::string_view word) {
    return {.status = 400,
        .type = "invalid_request_error",
        .code = "stub_script",
        .message = fmt::format("stub_provider: not understood: {}", word)};
}

refusal_body body_of(const refusal& what, provider vendor, bool ndjson, std::string_view request_id) {
    // A 502 comes from the proxy in front of the provider, which does not know its JSON format.
    if (what.status == 502 && vendor != provider::ollama) {
        return {"text/html",
            "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad "
            "Gateway</h1>"
            "</center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"};
    }
    if (vendor == provider::azure && what.type == "gateway") {
        return {"application/json", fmt::format(R"({{"statusCode":401,"message":{}}})", json_string(what.message))};
    }
    return {ndjson ? "application/json; charset=utf-8" : "application/json", json_of(what, vendor, ndjson, request_id)};
}

std::string stream_error_body(const exchange& what) {
    refusal out = pick_for(what.vendor, what.vendor == provider::anthropic ? 529 : 500, what.model);
    if (!what.plan.code.empty()) (what.vendor == provider::anthropic ? out.type : out.code) = what.plan.code;
    return json_of(out, what.vendor, what.ndjson, what.request_id);
}

}  // namespace airi::stub_provider
