#include "workers/providers/provider.hpp"

#include <algorithm>

#include "platform/base/error_table.hpp"

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

std::string_view name_of(role speaker) {
    switch (speaker) {
        case role::system: return "system";
        case role::user: return "user";
        case role::assistant: return "assistant";
    }
    return "user";
}

}  // namespace airi::workers::providers
