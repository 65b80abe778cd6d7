#include "workers/providers/provider.hpp"

#include <algorithm>

#include "platform/base/error_table.hpp"
#include "platform/base/json.hpp"

namespace airi::workers::providers {
namespace {

constexpr error_row<errc> error_rows[] = {
    {errc::rate_limited, "provider rate limit reached", failure::again},
    {errc::overloaded, "provider overloaded", failure::again},
    {errc::unavailable, "provider unavailable", failure::again},
    {errc::interrupted, "reply interrupted", failure::again},
    {errc::malformed, "provider sent a malformed response", failure::again},
    {errc::unauthorized, "provider rejected the key", failure::broken},
    {errc::bad_model, "provider does not know the model", failure::broken},
    {errc::prompt_refused, "provider refused the prompt", failure::refused},
};

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.provider", error_rows);
    return table.code(e);
}

chat_provider& provider_named(const provider_list& all, std::string_view name) {
    return **std::find_if(all.begin(), all.end(), [&](const auto& provider) { return provider->name() == name; });
}

std::string_view first_given(const prompt& prompt, std::span<const std::string_view> names) {
    const auto options = json::document::parse(prompt.options);
    if (!options) return {};
    const auto given = [&](std::string_view name) { return options->root()[name].exists(); };
    const auto found = std::ranges::find_if(names, given);
    return found == names.end() ? std::string_view{} : *found;
}

std::string calls_json(const std::vector<tool_call>& calls) {
    json::array out;
    for (const auto& call : calls) {
        const auto function = json::object().add("name", call.name).add("arguments", call.arguments).text();
        out.add(json::object().add("id", call.id).add("type", "function").add_raw("function", function));
    }
    return out.text();
}

std::string_view name_of(role speaker) {
    switch (speaker) {
        case role::system: return "system";
        case role::user: return "user";
        case role::assistant: return "assistant";
        case role::tool: return "tool";
    }
    return "user";
}

std::string_view name_of(finish why) {
    switch (why) {
        case finish::stop: return "stop";
        case finish::length: return "length";
        case finish::filtered: return "content_filter";
        case finish::tool_calls: return "tool_calls";
    }
    return "stop";
}

}  // namespace airi::workers::providers
