#include "tests/support/stub_provider/provider.hpp"

#include "tests/support/stub_provider/text.hpp"

namespace airi::stub_provider {
namespace {

bool take(std::string_view& vendor, std::string_view prefix) {
    if (!vendor.starts_with(prefix)) return false;
    vendor.remove_prefix(prefix.size());
    return true;
}

operation openai_operation(std::string_view rest) {
    if (rest == "chat/completions") return operation::chat;
    if (rest == "models") return operation::models;
    return operation::unknown;
}

operation ollama_operation(std::string_view rest) {
    if (rest == "chat") return operation::chat;
    if (rest == "tags") return operation::tags;
    if (rest == "version") return operation::version;
    return operation::unknown;
}

operation control_operation(std::string_view rest) {
    if (rest == "moderations") return operation::control_moderations;
    if (rest == "requests") return operation::control_requests;
    if (rest == "stats") return operation::control_stats;
    if (rest == "reset") return operation::control_reset;
    return operation::unknown;
}

route azure_route(std::string_view rest) {
    route found{.vendor = provider::azure};
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) return found;
    found.deployment = percent_decoded(rest.substr(0, slash));
    found.what = openai_operation(rest.substr(slash + 1));
    if (found.what == operation::models) found.what = operation::unknown;
    return found;
}

}  // namespace

route route_of(std::string_view path) {
    if (path == "/openai/v1/moderations") return {.vendor = provider::openai, .what = operation::moderations};
    if (take(path, "/openai/v1/")) return {.vendor = provider::openai, .what = openai_operation(path)};
    if (take(path, "/groq/openai/v1/")) return {.vendor = provider::groq, .what = openai_operation(path)};
    if (path == "/azure/openai/models") return {.vendor = provider::azure, .what = operation::models};
    if (take(path, "/azure/openai/deployments/")) return azure_route(path);
    if (take(path, "/anthropic/v1/")) {
        const auto what = path == "messages" ? operation::chat
                          : path == "models" ? operation::models
                                             : operation::unknown;
        return {.vendor = provider::anthropic, .what = what};
    }
    if (take(path, "/ollama/v1/")) return {.vendor = provider::ollama, .what = openai_operation(path)};
    if (take(path, "/ollama/api/")) {
        return {.vendor = provider::ollama, .what = ollama_operation(path), .ndjson = true};
    }
    if (take(path, "/_stub/")) return {.what = control_operation(path), .control = true};
    for (std::size_t i = 0; i < provider_count; ++i) {
        if (path.starts_with("/" + std::string(provider_names[i]))) {
            return {.vendor = static_cast<provider>(i), .ndjson = static_cast<provider>(i) == provider::ollama};
        }
    }
    return {.control = true};
}

}  // namespace airi::stub_provider
