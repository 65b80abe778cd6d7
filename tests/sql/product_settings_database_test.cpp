// The effects of the products' own settings in the gateway, with each product's database, and which settings and flags
// the database rejects.
#include "gateway/auth/cookies.hpp"
#include "tests/gateway/gateway_fixture.hpp"
#include "tests/sql/product_databases.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::tests;

namespace {

// The gateway with the settings, flags and rates of a product.
struct product_gateway : test::gateway_fixture {
    explicit product_gateway(std::string_view profile) {
        options.secure_cookies = true;
        REQUIRE(io.run(known.load(databases().at(profile, as_gateway))));
        hash = *io.run(hashing.hash(secret("long enough")));
        answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            if (asked.statement->name == "auth.attempt") {
                const auto id = user.text();
                return row(
                    {id.c_str(), hash.c_str(), "active", "user", "ann@example.org", "f", "network 192.0.2.0/24", "0"});
            }
            if (asked.statement->name == "auth.refresh") return row({"unknown", nullptr, nullptr, "", ""});
            if (asked.statement->name == "conversations.create") return test::cell("{}");
            return postgres::rows{};
        };
    }
    gateway::response log_in(std::vector<std::pair<std::string, std::string>> headers = {}) {
        auto in = anonymous(
            gateway::verb::post, "/api/v1/auth/login", R"({"email":"ann@example.org","password":"long enough"})");
        for (auto& one : headers) in.headers.push_back(std::move(one));
        return ask(std::move(in));
    }

    std::string hash;
};

std::vector<std::string> cookies_of(const gateway::response& of) {
    std::vector<std::string> out;
    for (const auto& [name, value] : of.headers)
        if (name == "Set-Cookie") out.push_back(value);
    return out;
}

bool has_token(const gateway::response& of, std::string_view name) {
    return json::document::parse(of.body)->root()["data"][name].exists();
}

std::int64_t expires_in(const gateway::response& of) {
    return json::document::parse(of.body)->root()["data"]["expires_in"].integer().value_or(0);
}

std::string stored_setting(std::string_view profile, std::string key) {
    static const postgres::prepared statement{"setting", "select airi.setting($1) #>> '{}'", {}};
    return databases().row(profile, statement, {std::move(key)});
}

const postgres::prepared set_setting{"set_setting",
    "insert into airi.system_settings (key, value) values ($1, $2::jsonb) on conflict (key) do update "
    "set value = excluded.value",
    {}};
const postgres::prepared set_flag{"set_flag",
    "insert into airi.feature_flags (name, rule) values ($1, $2::jsonb) on conflict (name) do update "
    "set rule = excluded.rule",
    {}};
const postgres::prepared mistake_of{"mistake", "select airi.setting_mistake($1, $2::jsonb)", {}};

bool accepts(const postgres::prepared& statement, std::string name, std::string value, std::string_view of = "saas") {
    postgres::transaction work;
    work.statements.push_back({&statement, {std::move(name), std::move(value)}});
    return static_cast<bool>(test::run(databases().at(of), std::move(work)));
}

std::string mistake(std::string key, std::string value) {
    return databases().row("saas", mistake_of, {std::move(key), std::move(value)});
}

}  // namespace

TEST_CASE("HOWTO-02: a login at How-to-AI issues an access token of 15 minutes and a refresh token of 7 days") {
    product_gateway howto("howto");
    const auto answer = howto.log_in({{"x-token-transport", "bearer"}});
    REQUIRE(answer.status == 200);
    CHECK(expires_in(answer) == 900);
    const auto body = json::document::parse(answer.body);
    const auto token = body->root()["data"]["access_token"].string();
    REQUIRE(token);
    const auto claims = howto.keys.verify(*token, now());
    REQUIRE(claims);
    CHECK(claims->expires - claims->issued == seconds{900});
    CHECK(stored_setting("howto", "refresh_token_days") == "7");
    CHECK(expires_in(product_gateway("saas").log_in()) == 3600);
}

TEST_CASE(
    "HOWTO-03: a login at How-to-AI sets the tokens as HTTP-only, secure cookies, unless the client says bearer") {
    product_gateway howto("howto");
    const auto answer = howto.log_in();
    REQUIRE(answer.status == 200);
    CHECK_FALSE(has_token(answer, "access_token"));
    CHECK_FALSE(has_token(answer, "refresh_token"));
    const auto cookies = cookies_of(answer);
    REQUIRE(cookies.size() == 4);
    CHECK(cookies[0].starts_with("__Host-airi_access="));
    CHECK(test::contains(cookies[0], "; Max-Age=900;"));
    CHECK(cookies[1].starts_with("__Secure-airi_refresh="));
    for (const auto& cookie : {cookies[0], cookies[1]}) {
        CHECK(test::contains(cookie, "; HttpOnly"));
        CHECK(test::contains(cookie, "; Secure"));
        CHECK(test::contains(cookie, "; SameSite=Lax"));
    }
    const auto bearer = howto.log_in({{"x-token-transport", "bearer"}});
    CHECK(cookies_of(bearer).empty());
    CHECK(has_token(bearer, "refresh_token"));

    // The documented refresh has no header of ours. A page of another origin gets nothing.
    auto refresh = howto.anonymous(gateway::verb::post, "/api/v1/auth/refresh", "{}");
    refresh.headers.emplace_back("cookie", "__Secure-airi_refresh=x");
    CHECK(howto.code_of(howto.ask(refresh)) == "INVALID_REFRESH_TOKEN");
    refresh.headers.emplace_back("origin", "https://evil.example");
    CHECK(howto.code_of(howto.ask(refresh)) == "ORIGIN_NOT_ALLOWED");
}

TEST_CASE("HOWTO-03: a page of the product's own origin renews its cookies") {
    const auto code = [] {
        product_gateway howto("howto");
        auto refresh = howto.anonymous(gateway::verb::post, "/api/v1/auth/refresh", "{}");
        refresh.headers.emplace_back("cookie", "__Secure-airi_refresh=x");
        refresh.headers.emplace_back("origin", "https://howto.example");
        return howto.code_of(howto.ask(refresh));
    };
    CHECK(code() == "ORIGIN_NOT_ALLOWED");
    REQUIRE(accepts(set_setting, "cors_origins", R"(["https://howto.example"])", "howto"));
    CHECK(code() == "INVALID_REFRESH_TOKEN");
    CHECK(accepts(set_setting, "cors_origins", "[]", "howto"));
}

TEST_CASE("EZRI-06: a login at Ezri answers with the access token, and sets the refresh token as HTTP-only cookie") {
    product_gateway ezri("ezri");
    const auto answer = ezri.log_in();
    REQUIRE(answer.status == 200);
    CHECK(has_token(answer, "access_token"));
    CHECK_FALSE(has_token(answer, "refresh_token"));
    CHECK(expires_in(answer) == 3600);
    const auto cookies = cookies_of(answer);
    REQUIRE(cookies.size() == 2);
    CHECK(cookies[0].starts_with("__Secure-airi_refresh="));
    CHECK(test::contains(cookies[0], "; HttpOnly"));
    CHECK(cookies_of(product_gateway("saas").log_in()).empty());
}

TEST_CASE("STATEX-37: without Redis the paid groups are rejected and all others pass, as Statex's profile says") {
    product_gateway statex("statex");
    const auto message = R"({"content":"hello"})";
    auto refused = statex.ask(statex.request(gateway::verb::post, "/api/v1/chat/messages", message));
    CHECK(refused.status == 503);
    for (const auto* group : {"ai", "chat", "voice"}) CHECK(gateway::refuse_uncounted(statex.services, group));
    for (const auto* group : {"", "api", "anonymous", "upload"})
        CHECK_FALSE(gateway::refuse_uncounted(statex.services, group));
    CHECK(statex.ask(statex.anonymous(gateway::verb::get, "/api/v1/settings")).status == 200);
    CHECK_FALSE(gateway::refuse_uncounted(product_gateway("saas").services, "chat"));
}

TEST_CASE("STATEX-37: in development no limit by address counts 127.0.0.1; elsewhere it does") {
    product_gateway statex("statex");
    statex.options.environment = "development";
    CHECK(gateway::is_exempt(statex.services, "127.0.0.1"));
    CHECK_FALSE(gateway::is_exempt(statex.services, "192.0.2.1"));
    for (const auto* environment : {"test", "staging", "production"}) {
        statex.options.environment = environment;
        CHECK_FALSE(gateway::is_exempt(statex.services, "127.0.0.1"));
    }
    product_gateway saas("saas");
    CHECK_FALSE(gateway::is_exempt(saas.services, "127.0.0.1"));
}

TEST_CASE("SAAS-30: clients of AIRI are told to connect again after 5 s, 10 times, and get a heartbeat every 30 s") {
    product_gateway saas("saas");
    const auto shown = json::document::parse(saas.known.rows()->public_settings);
    CHECK(shown->root()["reconnect_ms"].integer() == 5000);
    CHECK(shown->root()["reconnect_attempts"].integer() == 10);
    CHECK(shown->root()["heartbeat_seconds"].integer() == 30);
    auto opened = saas.io.run(saas.application->upgrade(saas.request(gateway::verb::get, "/ws")));
    REQUIRE(std::holds_alternative<gateway::upgraded>(opened));
    CHECK(std::get<gateway::upgraded>(opened).ping_every == seconds{30});
}

TEST_CASE("the database rejects a setting that is not declared, a wrong value, and an unknown or wrong flag") {
    CHECK_FALSE(accepts(set_setting, "max_session", "3"));
    CHECK_FALSE(accepts(set_setting, "max_sessions", "0"));
    CHECK(accepts(set_setting, "max_sessions", "3"));
    CHECK(mistake("max_session", "3") == "there is no setting max_session");
    CHECK(mistake("max_sessions", "0") == "max_sessions must be a whole number from 1 to 1000");
    CHECK(mistake("max_sessions", "1.5") == "max_sessions must be a whole number from 1 to 1000");
    CHECK(mistake("max_sessions", "\"3\"") == "max_sessions must be a whole number from 1 to 1000");
    CHECK(mistake("temperature", "2.5") == "temperature must be a number from 0 to 2");
    CHECK(mistake("auto_title", "1") == "auto_title must be true or false");
    CHECK(mistake("age_gate", "\"maybe\"") == "age_gate must be one of off, optional, required");
    CHECK(mistake("product_name", "\"\"") == "product_name must be a text of 1 to 100 characters");
    CHECK(mistake("avatar_gallery", "[1]") == "avatar_gallery must be a list of 0 to 100 texts");
    CHECK(mistake("onboarding_steps", "[{\"id\":\"a\"}]") ==
          "onboarding_steps must be a list of 0 to 20 objects with the texts id, title");
    CHECK(mistake("user_defaults", "[]") == "user_defaults must be an object");
    for (const auto& [key, value] : {std::pair{"temperature", "0.5"}, {"auto_title", "false"},
             {"age_gate", "\"required\""}, {"onboarding_steps", "[]"}, {"user_defaults", "{\"a\":1}"}})
        CHECK(mistake(key, value) == "");
    CHECK_FALSE(accepts(set_flag, "no_such_flag", "{}"));
    CHECK_FALSE(accepts(set_flag, "voice_chat", R"({"user_segments":["friends"]})"));
    CHECK_FALSE(accepts(set_flag, "voice_chat", R"({"regions":[]})"));
    CHECK_FALSE(accepts(set_flag, "voice_chat", R"({"plans":"pro"})"));
    CHECK(accepts(set_flag, "voice_chat", R"({"plans":["pro"],"user_segments":["paying"],"beta_users":[]})"));
}
