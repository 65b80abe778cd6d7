#include "tests/support/stub_provider/catalogue.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include <fmt/format.h>

namespace airi::stub_provider {
namespace {

// Ids that the providers' documents list as accepted in November 2026, of each provider a part.
constexpr std::array<std::string_view, 6> openai_models{
    "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-5.6-sol", "gpt-5.6-terra"};
constexpr std::array<std::string_view, 2> groq_models{"openai/gpt-oss-120b", "openai/gpt-oss-20b"};
constexpr std::array<std::string_view, 4> anthropic_models{
    "claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5-20251001", "claude-haiku-4-5"};
constexpr std::array<std::string_view, 3> ollama_models{"llama3.2:latest", "codellama:latest", "qwen2.5:0.5b"};
constexpr std::array<std::string_view, 2> azure_deployments{"gpt-4", "gpt-4o"};

template <typename Spell>
std::string joined(std::span<const std::string_view> models, Spell spell) {
    std::string out;
    for (const auto model : models) {
        if (!out.empty()) out += ',';
        out += spell(model);
    }
    return out;
}

std::string openai_list(std::span<const std::string_view> models, std::string_view owner) {
    return fmt::format(R"({{"object":"list","data":[{}]}})", joined(models, [owner](std::string_view model) {
        return fmt::format(R"({{"id":"{}","object":"model","created":1715367049,"owned_by":"{}"}})", model, owner);
    }));
}

std::string anthropic_list() {
    return fmt::format(R"({{"data":[{}],"has_more":false,"first_id":"{}","last_id":"{}"}})",
        joined(anthropic_models,
            [](std::string_view model) {
                return fmt::format(R"({{"type":"model","id":"{0}","display_name":"{0}",)"
                                   R"("created_at":"2025-09-29T00:00:00Z"}})",
                    model);
            }),
        anthropic_models.front(), anthropic_models.back());
}

std::string ollama_tag(std::string_view model) {
    return fmt::format(R"({{"name":"{0}","model":"{0}","modified_at":"2025-05-04T17:37:44.706015396-07:00",)"
                       R"("size":2019393189,"digest":"a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abb",)"
                       R"("details":{{"parent_model":"","format":"gguf","family":"llama","families":["llama"],)"
                       R"("parameter_size":"3.2B","quantization_level":"Q4_K_M"}}}})",
        model);
}

std::string ollama_tags() { return R"({"models":[)" + joined(ollama_models, ollama_tag) + "]}"; }

}  // namespace

bool knows_model(provider vendor, std::string_view id) {
    const auto among = [](std::span<const std::string_view> models, std::string_view one) {
        return std::ranges::find(models, one) != models.end();
    };
    switch (vendor) {
        case provider::openai: return among(openai_models, id);
        case provider::groq: return among(groq_models, id);
        case provider::azure: return among(azure_deployments, id);
        case provider::anthropic: return among(anthropic_models, id);
        case provider::ollama: break;
    }
    return among(ollama_models, id) || among(ollama_models, std::string(id) + ":latest");
}

std::string catalogue_json(const route& asked) {
    if (asked.what == operation::tags) return ollama_tags();
    if (asked.what == operation::version) return R"({"version":"0.12.3"})";
    switch (asked.vendor) {
        case provider::anthropic: return anthropic_list();
        case provider::groq: return openai_list(groq_models, "OpenAI");
        case provider::ollama: return openai_list(ollama_models, "library");
        default: return openai_list(openai_models, "system");
    }
}

}  // namespace airi::stub_provider
