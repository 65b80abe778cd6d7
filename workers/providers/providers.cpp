#include "workers/providers/providers.hpp"

#include <algorithm>

#include "platform/base/split.hpp"
#include "workers/providers/llm/anthropic.hpp"
#include "workers/providers/llm/ollama.hpp"
#include "workers/providers/llm/openai.hpp"
#include "workers/providers/llm/simulated.hpp"

namespace airi::workers::providers {

namespace {

// Addresses come from files and shells: whitespace around them, such as a line end, is no part of them.
std::string without_slash(std::string_view given) {
    std::string out(stripped(given));
    while (out.ends_with('/')) out.pop_back();
    return out;
}

// A base without a path gets the API's own path; one with a path is used as it is.
std::string base_url(std::string_view given, std::string_view own_host, std::string_view own_path) {
    auto out = without_slash(given);
    if (out.empty()) out = own_host;
    const auto host = out.find("://");
    const bool has_path = out.find('/', host == std::string::npos ? 0 : host + 3) != std::string::npos;
    return has_path ? out : out + std::string(own_path);
}

// Anthropic's own clients take a base without /v1; other people write it.
std::string anthropic_url(std::string_view given) {
    auto out = without_slash(given);
    if (out.empty()) out = "https://api.anthropic.com";
    return out.ends_with("/v1") ? out : out + "/v1";
}

// OLLAMA_HOST as Ollama itself reads it: the scheme and the port may be left out.
std::string ollama_url(std::string_view given) {
    auto out = without_slash(given);
    const bool has_scheme = out.find("://") != std::string::npos;
    if (!has_scheme) out.insert(0, "http://");
    const auto host = out.substr(out.find("://") + 3);
    const bool has_port = host.find(':', host.starts_with('[') ? host.find(']') : 0) != std::string::npos;
    return has_scheme || has_port ? out : out + ":11434";
}

openai_config config_of(openai_dialect dialect, const vendor_settings::vendor& vendor, const provider_settings& all) {
    const bool elsewhere = !stripped(vendor.base_url).empty();
    if (elsewhere && !dialect.max_tokens_field_elsewhere.empty())
        dialect.max_tokens_field = dialect.max_tokens_field_elsewhere;
    return {.dialect = dialect,
        .base_url = base_url(vendor.base_url, dialect.host, dialect.path),
        .key = vendor.api_key,
        .azure_api_version = std::string(stripped(all.azure_openai_api_version)),
        .azure_deployment = std::string(stripped(all.azure_openai_deployment))};
}

}  // namespace

moderation_account moderation_account_of(rotated_secret api_key, std::string_view url) {
    constexpr const auto& openai = openai_dialects.front();
    return {.base_url = base_url(url, openai.host, openai.path), .key = std::move(api_key)};
}

provider_list from_settings(const provider_settings& settings, http::client& client, executor executor) {
    provider_list out;
    for (std::size_t i = 0; i < openai_dialects.size(); ++i) {
        const auto& vendor = settings.vendors[i];
        const bool has_url = !openai_dialects[i].host.empty() || !vendor.base_url.empty();
        if (!vendor.api_key.empty() && has_url)
            out.push_back(openai_provider(config_of(openai_dialects[i], vendor, settings), client, executor));
    }
    if (!settings.anthropic_api_key.empty())
        out.push_back(anthropic_provider(
            {.base_url = anthropic_url(settings.anthropic_base_url), .key = settings.anthropic_api_key}, client,
            executor));
    const bool assumed = settings.ollama_host.empty();
    out.push_back(ollama_provider(
        {.base_url = ollama_url(assumed ? default_ollama_host : settings.ollama_host), .assumed = assumed}, client,
        executor));
    out.push_back(simulated_provider(
        {.tokens_per_second = settings.simulated_tokens_per_second,
            .first_token = milliseconds(std::max<std::int64_t>(settings.simulated_first_token_ms, 0))},
        executor));
    return out;
}

}  // namespace airi::workers::providers
