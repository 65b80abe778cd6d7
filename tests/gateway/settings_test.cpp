#include "gateway/settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "tests/gateway/gateway_fixture.hpp"

using namespace airi;
using namespace airi::gateway;

namespace {

gateway_settings in(std::string environment) {
    gateway_settings out;
    out.environment = std::move(environment);
    out.jwt_secret = secret(std::string(32, 'j'));
    out.encryption_key = secret(std::string(32, 'e'));
    return out;
}

bool allows_local_frontend(const gateway_settings& settings) {
    const auto origins = options_of(settings).origins;
    return std::find(origins.begin(), origins.end(), "http://localhost:5173") != origins.end();
}

}  // namespace

TEST_CASE("SAAS-53: staging and production need a frontend and allow no local one, and open fewer features") {
    for (const auto* environment : {"development", "test"}) {
        CHECK(in(environment).mistakes().empty());
        CHECK(allows_local_frontend(in(environment)));
    }
    for (const std::string environment : {"staging", "production"}) {
        auto settings = in(environment);
        CHECK(settings.mistakes() == std::vector<std::string>{"FRONTEND_URL is required in " + environment});
        settings.frontend_url = "https://app.example";
        CHECK(settings.mistakes().empty());
        CHECK_FALSE(allows_local_frontend(settings));
    }
    auto settings = in("development");
    for (const auto* other : {"http://127.evil.com", "http://localhost.evil.com", "https://localhost"}) {
        settings.frontend_url = other;
        CHECK(options_of(settings).secure_cookies);
    }
    settings.frontend_url = "http://127.0.0.1:5173";
    CHECK_FALSE(options_of(settings).secure_cookies);
    CHECK(options_of(in("development")).features == release_stage::everything);
    CHECK(options_of(in("test")).features == release_stage::stable);
    CHECK(options_of(in("staging")).features == release_stage::beta);
    CHECK(options_of(in("production")).features == release_stage::stable);
}

TEST_CASE(
    "the Host names that are served are those of ALLOWED_HOSTS, else of the public URLs and in development ours") {
    auto settings = in("production");
    settings.frontend_url = "https://App.example";
    settings.api_url = "https://api.example:8443/";
    CHECK(listening_of(settings).hosts == std::vector<std::string>{"app.example", "api.example"});
    settings.allowed_hosts = "Chat.example, 10.0.0.7";
    CHECK(listening_of(settings).hosts == std::vector<std::string>{"chat.example", "10.0.0.7"});
    CHECK(listening_of(in("development")).hosts == std::vector<std::string>{"localhost", "127.0.0.1", "[::1]"});
}

TEST_CASE("an access token is for the installation of its public URL") {
    auto here = in("production"), there = here;
    here.frontend_url = "https://a.example";
    there.frontend_url = "https://b.example";
    const tokens::claims claims{user_id::fresh(), session_id::fresh(), "a@b.c", "user", now(), now() + seconds{60}};
    const auto token = keyring_of(here).sign(claims);
    CHECK(keyring_of(here).verify(token, now()));
    CHECK_FALSE(keyring_of(there).verify(token, now()));
}

TEST_CASE("AIRI-36: RATE_LIMIT_MAX_REQUESTS in RATE_LIMIT_WINDOW_MS replaces the general rate, and no plan's own") {
    const auto options = [](std::map<std::string, std::string> values) {
        values.insert(
            {{"DATABASE_URL", "x"}, {"JWT_SECRET", std::string(32, 'j')}, {"ENCRYPTION_KEY", std::string(32, 'e')},
                {"EVIDENCE_KEY", std::string(32, 'v')}, {"LINK_KEY", std::string(32, 'l')}});
        const auto read = load<gateway_settings>(environment{values, {}});
        CHECK(read.mistakes.empty());
        return options_of(read.value);
    };
    account caller;
    caller.rates["api"] = {"api", 100, 60, strategy::sliding_window, true};
    caller.rates["chat"] = {"chat", 20, 60};
    const auto window_of = [&](const gateway_options& options, std::string_view group = {}) {
        const auto all = windows_of(options, caller, group);
        return std::make_pair(all.back().max, all.back().seconds);
    };
    CHECK(window_of(options({})) == std::make_pair(std::int64_t{100}, std::int64_t{60}));
    const auto given = options({{"RATE_LIMIT_MAX_REQUESTS", "7"}, {"RATE_LIMIT_WINDOW_MS", "30000"}});
    CHECK(window_of(given) == std::make_pair(std::int64_t{7}, std::int64_t{30}));
    CHECK(window_of(options({{"RATE_LIMIT_MAX_REQUESTS", "7"}})) == std::make_pair(std::int64_t{7}, std::int64_t{60}));
    CHECK(window_of(given, "chat") == std::make_pair(std::int64_t{20}, std::int64_t{60}));
    caller.rates["api"].general = false;
    CHECK(window_of(given) == std::make_pair(std::int64_t{100}, std::int64_t{60}));
}

TEST_CASE("idle connections are kept longer than balancers keep theirs, and so long as the setting says") {
    auto settings = in("test");
    CHECK(listening_of(settings).limits.idle_time > seconds{75});
    settings.keep_alive = seconds{620};
    CHECK(listening_of(settings).limits.idle_time == seconds{620});
}

TEST_CASE("SAAS-54: the previous secret of tokens verifies for seven days") {
    auto settings = in("test");
    tokens::claims ann;
    ann.email = "ann@example.com";
    ann.role = "user";
    ann.issued = now();
    ann.expires = now() + seconds{60};
    const auto token = keyring_of(settings).sign(ann);
    settings.jwt_secret_previous = std::exchange(settings.jwt_secret, secret(std::string(32, 'n')));
    CHECK(keyring_of(settings).verify(token, now()).has_value());
    settings.jwt_secret_rotated_at = to_text(now() - std::chrono::days{6});
    CHECK(keyring_of(settings).verify(token, now()).has_value());
    settings.jwt_secret_rotated_at = to_text(now() - std::chrono::days{8});
    CHECK_FALSE(keyring_of(settings).verify(token, now()).has_value());
    settings.jwt_secret_rotated_at = "yesterday";
    CHECK(settings.mistakes().size() == 1);
}
