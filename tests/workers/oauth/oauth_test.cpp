#include "workers/oauth/oauth.hpp"

#include <doctest/doctest.h>

#include <map>

#include "platform/http/url.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/workers/oauth/tokens.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

struct page {
    unsigned status = 200;
    std::string body;
    error_code failed = {};
};

// The web: pages by method and URL; what was asked is kept.
class fake_web : public http::client {
public:
    std::map<std::string, page> pages;
    std::vector<http::request> asked;

    awaitable<result<std::unique_ptr<http::answer>>> send(http::request request) override {
        const auto found = pages.find(request.method + ' ' + request.url);
        asked.push_back(std::move(request));
        if (found == pages.end()) co_return http::errc::unreachable;
        if (found->second.failed) co_return found->second.failed;
        co_return std::make_unique<said>(found->second);
    }

private:
    class said final : public http::answer {
    public:
        explicit said(const page& p) : page_(p) {}
        unsigned status() const override { return page_.status; }
        std::string_view header(std::string_view) const override { return {}; }
        awaitable<result<std::string>> read() override { co_return std::exchange(page_.body, {}); }
        awaitable<result<std::string>> read_all(std::size_t most) override {
            if (page_.body.size() > most) co_return http::errc::too_large;
            co_return page_.body;
        }
        void give_up_at(std::chrono::steady_clock::time_point) override {}

    private:
        page page_;
    };
};

const std::string issuer = "https://p.example";
const std::string nonce_hash = digest::sha256_hex("a nonce");

std::string token_of(std::string_view more, std::string_view kid = "k1") {
    const auto from = unix_seconds(now());
    const auto header = json::object().add("alg", "ES256").add("kid", kid).text();
    return signed_token(header, R"({"iss":")" + issuer + R"(","sub":"s1","aud":"us","nonce":"a nonce","iat":)" +
                                    std::to_string(from) + R"(,"exp":)" + std::to_string(from + 300) +
                                    std::string(more) + "}");
}

struct oauth_fixture {
    loop io;
    fake_database database;
    fake_web web;
    std::vector<oauth::provider> providers;
    oauth::ports ports{database, web, providers};
    std::vector<std::optional<std::string>> claimed{"a code", "f", "a verifier", "https://airi.example/", nonce_hash};
    events::identity_requested event{events::flow_id::of(uuid{}, "flow"), "oidc"};

    explicit oauth_fixture(oauth::identity_settings with = {}) {
        if (with.discord_client_id.empty()) {
            with.oidc_client_id = "us";
            with.oidc_client_secret = secret("a:secret");
            with.oidc_issuer = issuer;
        }
        providers = oauth::providers_of(with);
        web.pages["GET " + issuer + "/.well-known/openid-configuration"].body =
            R"({"issuer":"https://p.example","authorization_endpoint":"https://p.example/auth",)"
            R"("token_endpoint":"https://p.example/token",)"
            R"("userinfo_endpoint":"https://p.example/me","jwks_uri":"https://p.example/keys"})";
        web.pages["GET " + issuer + "/keys"].body = jwks();
        web.pages["POST " + issuer + "/token"].body =
            json::object().add("id_token", token_of(R"(,"email":"a@b.c","email_verified":true)")).text();
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            postgres::rows out;
            if (asked.statement->name != "oauth.claim" || claimed.empty()) return out;
            out.columns_ = claimed.size();
            out.cells_ = claimed;
            return out;
        };
        io.run(renew());
        web.asked.clear();
    }

    awaitable<> renew() { co_await oauth::renew_providers(ports); }

    effects work() {
        auto got = io.run(oauth::complete_flow(event, ports));
        REQUIRE(got);
        CHECK(got->after.announcements.size() == 1);
        CHECK(got->after.announcements[0].channel == events::channel_of(event.flow));
        return std::move(*got);
    }
    std::string state() {
        const auto done = work();
        REQUIRE(done.statements.size() == 1);
        return parameter(done.statements[0], "state");
    }
};

}  // namespace

TEST_CASE("a code is exchanged with the verifier and the secret, and the token names the user") {
    oauth_fixture f;
    const auto done = f.work();
    REQUIRE(done.statements.size() == 1);
    const auto& saved = done.statements[0];
    CHECK(saved.statement->name == "oauth.save");
    CHECK(parameter(saved, "state") == "known");
    CHECK(parameter(saved, "issuer") == issuer);
    CHECK(parameter(saved, "subject") == "s1");
    CHECK(parameter(saved, "email") == "a@b.c");
    CHECK(parameter(saved, "verified") == "true");
    CHECK(parameter(saved, "name") == "NULL");
    REQUIRE(f.web.asked.size() == 1);
    const auto& asked = f.web.asked[0];
    CHECK(asked.body ==
          "grant_type=authorization_code&code=a%20code&redirect_uri=https%3A%2F%2Fairi.example%2F&code_verifier=a%"
          "20verifier");
    const auto basic = std::pair<std::string, std::string>{"Authorization", "Basic " + digest::base64("us:a%3Asecret")};
    CHECK(std::find(asked.headers.begin(), asked.headers.end(), basic) != asked.headers.end());
}

TEST_CASE("a flow that was not presented or is claimed already causes no request") {
    oauth_fixture f;
    f.claimed.clear();
    CHECK(f.work().statements.empty());
    CHECK(f.web.asked.empty());
}

TEST_CASE("an unavailable, slow or malformed provider ends the flow as away, a rejecting one as refused") {
    oauth_fixture f;
    auto& token = f.web.pages["POST " + issuer + "/token"];
    for (const auto& [status, body] : std::vector<std::pair<unsigned, std::string>>{
             {500, "{}"}, {302, ""}, {200, "<html>"}, {200, ""}, {429, "{}"}, {200, "[]]"}}) {
        CAPTURE(status);
        token = {status, body};
        CHECK(f.state() == "away");
    }
    token = {200, {}, http::errc::total_timeout};
    CHECK(f.state() == "away");
    token = {200, std::string(300'000, ' ') + "{}"};
    CHECK(f.state() == "away");
    token = {400, R"({"error":"invalid_grant"})"};
    CHECK(f.state() == "refused");
    token = {200, "{}"};
    CHECK(f.state() == "refused");
    token = {200, R"({"id_token":"rubbish"})"};
    CHECK(f.state() == "refused");
    f.event.provider = "unknown";
    CHECK(f.state() == "away");
}

TEST_CASE("keys are fetched again for an unknown key id, at most once a minute") {
    oauth_fixture f;
    const auto rotated = [&](std::string_view kid) {
        f.web.pages["POST " + issuer + "/token"].body = json::object().add("id_token", token_of("", kid)).text();
    };
    f.web.pages["GET " + issuer + "/keys"].body = jwks("k2");
    rotated("k2");
    CHECK(f.state() == "known");
    f.web.asked.clear();
    f.web.pages["GET " + issuer + "/keys"].body = jwks("k3");
    rotated("k3");
    for (int i = 0; i < 5; ++i) CHECK(f.state() == "refused");
    CHECK(f.web.asked.size() == 5);
    // A provider whose keys have gone is not believed without them.
    f.providers[0].keys_asked_until = {};
    f.web.pages["GET " + issuer + "/keys"] = {500, ""};
    CHECK(f.state() == "away");
}

TEST_CASE("an address missing in the token is fetched from userinfo of the same subject") {
    oauth_fixture f;
    f.web.pages["POST " + issuer + "/token"].body =
        json::object().add("id_token", token_of("")).add("access_token", "t").text();
    f.web.pages["GET " + issuer + "/me"].body = R"({"sub":"s1","email":"x@y.z","email_verified":true,"name":"X"})";
    const auto done = f.work();
    CHECK(parameter(done.statements[0], "email") == "x@y.z");
    CHECK(parameter(done.statements[0], "name") == "X");
    f.web.pages["GET " + issuer + "/me"].body = R"({"sub":"s2","email":"x@y.z","email_verified":true})";
    CHECK(f.state() == "refused");
    f.web.pages["GET " + issuer + "/me"].body = R"({"email":"x@y.z","email_verified":true})";
    CHECK(f.state() == "refused");
}

TEST_CASE("an app's ID token needs no exchange, and app ids are accepted for those only") {
    oauth_fixture f;
    f.providers[0].app_ids = {"an app"};
    f.claimed = {token_of(R"(,"x":1)"), "t", std::nullopt, std::nullopt, "a nonce"};  // an app's is a hash
    CHECK(f.state() == "known");
    CHECK(f.web.asked.empty());
    const auto from = std::to_string(unix_seconds(now()));
    const auto of_app =
        signed_token(es256_header, R"({"iss":"https://p.example","sub":"s1","aud":"an app","nonce":"a nonce","iat":)" +
                                       from + R"(,"exp":)" + from + "}");
    f.claimed[0] = of_app;
    CHECK(f.state() == "known");
    f.claimed = {"a code", "f", "a verifier", "https://airi.example/", nonce_hash};
    f.web.pages["POST " + issuer + "/token"].body = json::object().add("id_token", of_app).text();
    CHECK(f.state() == "refused");
}

TEST_CASE("Discord's user comes from /users/@me, with verified addresses only") {
    oauth::identity_settings with;
    with.discord_client_id = "us";
    with.discord_client_secret = secret("s");
    oauth_fixture f(with);
    f.event.provider = "discord";
    f.web.pages["POST https://discord.com/api/oauth2/token"].body =
        R"({"access_token":"t","token_type":"Bearer","expires_in":604800,"scope":"identify email"})";
    auto& me = f.web.pages["GET https://discord.com/api/v10/users/@me"];
    me.body = R"({"id":"80351110224678912","username":"nelly","global_name":"Nelly","verified":true,)"
              R"("email":"nelly@discord.com"})";
    const auto done = f.work();
    CHECK(parameter(done.statements[0], "subject") == "80351110224678912");
    CHECK(parameter(done.statements[0], "verified") == "true");
    CHECK(parameter(done.statements[0], "name") == "Nelly");
    me.body = R"({"id":"8","username":"nelly","global_name":null,"verified":false,"email":"nelly@discord.com",)"
              R"("email_verified":true})";
    const auto unverified = f.work();
    CHECK(parameter(unverified.statements[0], "verified") == "false");
    CHECK(parameter(unverified.statements[0], "name") == "nelly");
    me.body = R"({"username":"nelly"})";
    CHECK(f.state() == "refused");
}

TEST_CASE("a provider whose configuration is another's, unsafe or missing is not offered") {
    using oauth::read_configuration;
    const auto with = [](std::string_view issuer_there, std::string_view token) {
        return json::object()
            .add("issuer", issuer_there)
            .add("authorization_endpoint", "https://p.example/auth")
            .add("token_endpoint", token)
            .add("jwks_uri", "http://127.0.0.1:1/keys")
            .text();
    };
    const oauth::provider unknown{
        .name = "oidc", .title = "x", .issuer = issuer, .client_id = "us", .client_secret = secret("s"), .app_ids = {}};
    auto one = unknown;
    CHECK(read_configuration(with(issuer, "https://p.example/t"), one));
    CHECK_FALSE(one.sends_issuer);
    auto naming = with(issuer, "https://p.example/t");
    naming.insert(1, R"("authorization_response_iss_parameter_supported":true,)");
    CHECK(read_configuration(naming, one));
    CHECK(one.sends_issuer);
    CHECK_FALSE(read_configuration(with("https://q.example", "https://p.example/t"), one));
    CHECK_FALSE(read_configuration(with(issuer + "/", "https://p.example/t"), one));
    CHECK_FALSE(read_configuration(with(issuer, "http://p.example/t"), one));
    CHECK_FALSE(read_configuration(with(issuer, "ftp://p.example/t"), one));
    CHECK_FALSE(read_configuration("{}", one));
    CHECK_FALSE(read_configuration("<html>", one));
    CHECK(http::is_safe("http://localhost:1/x"));
    CHECK(http::is_safe("http://127.0.0.2:1/x"));
    CHECK(http::is_safe("http://[::1]:1/x"));
    CHECK_FALSE(http::is_safe("http://localhost.example/x"));
    CHECK_FALSE(http::is_safe("http://127.evil.com/x"));
    oauth_fixture f;
    f.database.committed.clear();
    f.web.pages.clear();
    f.providers = {unknown};
    f.io.run(f.renew());
    CHECK(f.database.all("oauth.renew_provider").empty());
}

TEST_CASE("Apple's client secret is a JWT signed with the team's key for five minutes") {
    oauth::identity_settings with;
    with.apple_client_id = "com.example.airi";
    with.apple_team_id = "TEAM";
    with.apple_key_id = "KEY";
    with.apple_private_key = secret(pem);
    CHECK(oauth::mistakes_of(with).empty());
    const auto apple = oauth::providers_of(with).front();
    const auto jwt = oauth::apple_secret(apple, instant{seconds{1'800'000'000}});
    const auto first = jwt.find('.'), last = jwt.rfind('.');
    CHECK(digest::from_base64url(jwt.substr(0, first)) == R"({"alg":"ES256","kid":"KEY","typ":"JWT"})");
    CHECK(digest::from_base64url(jwt.substr(first + 1, last - first - 1)) ==
          R"({"iss":"TEAM","iat":1800000000,"exp":1800000300,"aud":"https://appleid.apple.com",)"
          R"("sub":"com.example.airi"})");
    const auto set = oauth::key_set::of(jwks());
    CHECK(set.find("k1", signatures::algorithm::es256)
            ->verify(jwt.substr(0, last), *digest::from_base64url(jwt.substr(last + 1))));
    with.apple_private_key = secret("-----BEGIN PRIVATE KEY-----\\nMIGH\\n-----END PRIVATE KEY-----");
    with.apple_team_id = "";
    with.google_client_id = "g";
    with.google_issuer = "http://accounts.example";
    CHECK(oauth::mistakes_of(with).size() == 4);
}
