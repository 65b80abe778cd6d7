// The variables that the products' documents name: each is a setting of a program or a script, is owed by a feature
// that is not there yet, or is another system's.
#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>
#include <string>

#include "tests/support/cpp/source_tree.hpp"

using namespace airi;

namespace {

using variables = std::map<std::string, std::string>;

const std::set<std::string> read{// Statex
    "NODE_ENV", "LOG_LEVEL", "DATABASE_URL", "REDIS_HOST", "REDIS_PORT", "FRONTEND_URL", "OLLAMA_HOST",
    "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "AI_WORKER_CONCURRENCY", "AWS_REGION",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FROM_EMAIL", "STRIPE_SECRET_KEY",
    // AIRI
    "PORT", "REDIS_URL", "REDIS_PASSWORD", "ANTHROPIC_API_KEY", "GROQ_API_KEY", "JWT_SECRET", "ENCRYPTION_KEY",
    "RATE_LIMIT_WINDOW_MS", "RATE_LIMIT_MAX_REQUESTS", "ENABLE_RATE_LIMITING", "ENABLE_WEBSOCKETS",
    "ENABLE_FILE_UPLOADS", "ENABLE_VOICE_CHAT",
    // SaaS
    "ALLOWED_ORIGINS", "VERCEL_GIT_COMMIT_SHA", "STRIPE_WEBHOOK_SECRET"};

// Each with the feature that brings it.
const variables owed{{"STRIPE_PUBLISHABLE_KEY", "payments"}, {"PAYPAL_CLIENT_ID", "payments"},
    {"PAYPAL_CLIENT_SECRET", "payments"}, {"COINBASE_COMMERCE_API_KEY", "payments"},
    {"COMGATE_MERCHANT_ID", "payments"}, {"WEBHOOK_SECRET", "payments"}, {"CLOUDFLARE_R2_ENDPOINT", "files"},
    {"CLOUDFLARE_R2_ACCESS_KEY_ID", "files"}, {"CLOUDFLARE_R2_SECRET_ACCESS_KEY", "files"},
    {"CLOUDFLARE_R2_BUCKET_NAME", "files"}, {"CLOUDFLARE_R2_PUBLIC_URL", "files"}, {"CLOUDFLARE_API_TOKEN", "files"},
    {"SENTRY_DSN", "error tracking"}, {"ELEVENLABS_API_KEY", "voice"}, {"OPENAI_TTS_API_KEY", "voice"}};

// Each with what takes its place here.
const variables replaced{{"SUPABASE_URL", "DATABASE_URL, and our own accounts"},
    {"SUPABASE_ANON_KEY", "row-level security for the role airi_app"}, {"SUPABASE_SERVICE_KEY", "the role airi_worker"},
    {"SUPABASE_SERVICE_ROLE_KEY", "the role airi_worker"}, {"NEXTAUTH_SECRET", "JWT_SECRET"},
    {"NEXTAUTH_URL", "FRONTEND_URL"}, {"AI_SERVICE_URL", "KAFKA_BROKERS: workers have no address"},
    {"API_SERVER_URL", "API_URL"}, {"ANALYZE", "the frontend's"}};

// Settings are the names in .env.example: tests/settings_names_test.cpp compares them with the programs.
std::set<std::string> settings() {
    const auto text = test::read_text(test::source_root() / ".env.example");
    const std::regex line(R"((?:^|\n)(?:# )?([A-Z][A-Z0-9_]+)=)");
    std::set<std::string> out;
    for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at) out.insert((*at)[1]);
    return out;
}

}  // namespace

TEST_CASE("STATEX-49: each documented variable is a setting, owed by a later feature, or replaced") {
    const auto known = settings();
    for (const auto& name : read) CHECK_MESSAGE(known.contains(name), name << " is documented: .env.example lacks it");
    for (const auto& [name, feature] : owed)
        CHECK_MESSAGE(!known.contains(name), name << " is a setting now: move it to `read`");
    for (const auto& [name, ours] : replaced) CHECK_MESSAGE(!known.contains(name), name << " is replaced by " << ours);
    // The 26 of Statex: 16 are read, 10 are owed.
    int of_statex = 0;
    for (const auto* name : {"NODE_ENV", "LOG_LEVEL", "DATABASE_URL", "REDIS_HOST", "REDIS_PORT", "FRONTEND_URL",
             "OLLAMA_HOST", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "AI_WORKER_CONCURRENCY",
             "STRIPE_SECRET_KEY", "PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "COINBASE_COMMERCE_API_KEY",
             "COMGATE_MERCHANT_ID", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FROM_EMAIL",
             "CLOUDFLARE_R2_ENDPOINT", "CLOUDFLARE_R2_ACCESS_KEY_ID", "CLOUDFLARE_R2_SECRET_ACCESS_KEY",
             "CLOUDFLARE_R2_BUCKET_NAME", "CLOUDFLARE_R2_PUBLIC_URL", "SENTRY_DSN"})
        of_statex += read.contains(name) || owed.contains(name);
    CHECK(of_statex == 26);
}
