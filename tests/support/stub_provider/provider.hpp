// The five emulated providers and their paths.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace airi::stub_provider {

enum class provider { openai, groq, azure, anthropic, ollama };

inline constexpr std::array provider_names{
    std::string_view{"openai"},
    std::string_view{"groq"},
    std::string_view{"azure"},
    std::string_view{"anthropic"},
    std::string_view{"ollama"},
};

inline constexpr std::size_t provider_count = provider_names.size();

constexpr std::string_view name_of(provider p) { return provider_names[static_cast<std::size_t>(p)]; }

enum class operation {
    chat,
    models,
    moderations,
    tags,
    version,
    control_requests,
    control_moderations,
    control_stats,
    control_reset,
    unknown
};

struct route {
    provider vendor = provider::openai;
    operation what = operation::unknown;
    bool control = false;         // one of the stub provider's own paths
    bool ndjson = false;          // Ollama's own API: one JSON document a line instead of SSE
    std::string deployment = {};  // Azure only: the path contains the model
};

route route_of(std::string_view path);

}  // namespace airi::stub_provider
