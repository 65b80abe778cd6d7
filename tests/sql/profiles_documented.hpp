// The numbers that the product specifications state and sql/profiles must carry: written from the specifications, not
// from the profiles. tests/sql/profiles_database_test.cpp compares them with a database.
#pragma once

#include <cstdint>
#include <string_view>

namespace airi::tests {

struct documented_profile {
    std::string_view profile, default_plan, product_name;
    int access_token_seconds;
    int plans;
};
inline constexpr documented_profile documented_profiles[] = {
    {"saas", "free", "AIRI", 3600, 3},
    {"airi", "free", "AIRI Platform", 3600, 3},
    {"howto", "free", "How-to-AI", 900, 3},
    {"ezri", "free", "Ezri", 3600, 4},
    {"statex", "standard", "Statex", 3600, 3},
};

struct documented_price {
    std::string_view profile, plan;
    std::int64_t price_cents;
};
inline constexpr documented_price documented_prices[] = {
    {"saas", "free", 0},
    {"saas", "plus", 1499},
    {"saas", "pro", 2499},
    {"howto", "free", 0},
    {"howto", "premium", 5000},
    {"airi", "free", 0},
};

struct documented_limit {
    std::string_view profile, plan, resource, period;
    std::int64_t amount;
};
inline constexpr documented_limit documented_limits[] = {
    {"saas", "free", "messages", "day", 50},
    {"saas", "free", "voice_seconds", "day", 5 * 60},
    {"saas", "free", "gaming_seconds", "day", 0},
    {"saas", "free", "custom_avatars", "stock", 0},
    {"saas", "plus", "messages", "day", 500},
    {"saas", "plus", "voice_seconds", "day", 60 * 60},
    {"saas", "plus", "gaming_seconds", "day", 2 * 3600},
    {"saas", "plus", "custom_avatars", "stock", 5},
    {"saas", "pro", "messages", "day", -1},
    {"saas", "pro", "voice_seconds", "day", -1},
    {"saas", "pro", "gaming_seconds", "day", -1},
    {"saas", "pro", "custom_avatars", "stock", -1},
    {"airi", "free", "messages", "day", 20},
    {"airi", "pro", "messages", "day", 200},
    {"airi", "enterprise", "messages", "day", -1},
    {"statex", "standard", "messages", "day", 2},
    {"statex", "standard", "uploads", "day", 10},
};

struct documented_rate {
    std::string_view profile, name, plan, scope;
    int max_requests, window_seconds;
};
inline constexpr documented_rate documented_rates[] = {
    {"saas", "api", "*", "user", 1'000, 3600},
    {"saas", "api", "plus", "user", 5'000, 3600},
    {"saas", "api", "pro", "user", 50'000, 3600},
    {"saas", "chat", "*", "user", 100, 3600},
    {"saas", "voice", "*", "user", 50, 3600},
    {"saas", "auth", "*", "ip", 10, 900},
    {"saas", "subscription", "*", "user", 20, 3600},
    {"saas", "anonymous", "*", "ip", 100, 900},
    {"airi", "api", "*", "user", 100, 60},
    {"airi", "anonymous", "*", "ip", 100, 60},
    {"statex", "ai", "*", "user", 2, 86400},
    {"statex", "ai", "*", "ip", 2, 86400},
    {"statex", "upload", "*", "user", 10, 86400},
    {"statex", "api", "*", "user", 100, 86400},
};

struct documented_model {
    std::string_view profile, provider, model;
    std::int64_t nanousd;  // of a token, input and output alike
};
inline constexpr documented_model documented_models[] = {
    {"saas", "openai", "gpt-3.5-turbo", 2'000},
    {"saas", "anthropic", "claude-3-haiku-20240307", 8'000},
    {"saas", "groq", "mixtral-8x7b-32768", 100},
    {"airi", "openai", "gpt-4-turbo-preview", 10'000},
    {"airi", "openai", "gpt-4", 30'000},
    {"airi", "openai", "gpt-3.5-turbo", 1'500},
    {"airi", "anthropic", "claude-3-opus", 15'000},
    {"airi", "anthropic", "claude-3-sonnet", 3'000},
    {"airi", "groq", "mixtral-8x7b", 600},
    {"statex", "ollama", "codellama", 0},
    {"statex", "openai", "gpt-4", 30'000},
    {"statex", "azure", "gpt-4", 60'000},
};

struct documented_context {
    std::string_view profile, plan;
    std::int64_t tokens;  // of prompt and reply together
};
inline constexpr documented_context documented_contexts[] = {
    {"airi", "free", 2'000},
    {"airi", "pro", 8'000},
    {"airi", "enterprise", 32'000},
};

}  // namespace airi::tests
