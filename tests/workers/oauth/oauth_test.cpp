#include "workers/oauth/oauth.hpp"

#include <doctest/doctest.h>

#include <map>

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

    awaitable<result<std::unique_ptr<http::answer>>> send(http::request what) override {
        const auto found = pages.find(what.method + ' ' + what.url);
        asked.push_back(std::move(what));
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

struct house {
    loop io;
    fake_database database;
    fake_web web;
    std::vector<oauth::provider> providers;
    oauth::ports use{database, web, providers};
    std::vector<std::optional<std::string>> claimed{"a code", "f", "a verifier", "https://airi.example/", nonce_hash};
    events::identity_requested event{events::flow_id::of(uuid{}, "flow"), "oidc"};

    explicit house(oauth::identity_settings with = {}) {
        if (with.discord_client_id.empty()) {
            with.oidc_client_id = "us";
            with.oidc_client_secret = secret("a:secret");
            with.oidc_issuer = issuer;
        }
        providers = oauth::providers_of(with);
        web.pages["GET " + issuer + "/.well-known/openid-configuration"].body =
            R"({"issuer":"https://p.example","authorization_endpoint":"https://p.example/auth","token_endpoint":"https://p.example/token",)"
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
        io.run(learn());
        web.asked.clear();
    }

    awaitable<> learn() { co_await oauth::renew_providers(use); }

    effects work() {
        auto got = io.run(oauth::find_out(event, use));
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

TEST_CASE("a code is exchanged with the verifier and the secret, and the token says who it is") {
    house at;
    const auto done = at.work();
    REQUIRE(done.statements.size() == 1);
    const auto& saved = done.statements[0];
    CHECK(saved.statement->name == "oauth.save");
    CHECK(parameter(saved, "state") == "known");
    CHECK(parameter(saved, "issuer") == issuer);
    CHECK(parameter(saved, "subject") == "s1");
    CHECK(parameter(saved, "email") == "a@b.c");
    CHECK(parameter(saved, "verified") == "true");
    CHECK(parameter(saved, "name") == "NULL");
    REQUIRE(at.web.asked.size() == 1);
    const auto& asked = at.web.asked[0];
    CHECK(asked.body ==
          "grant_type=authorization_code&code=a%20code&redirect_uri=https%3A%2F%2Fairi.example%2F&code_verifier=a%"
          "20verifier");
    const auto basic = std::pair<std::string, std::string>{"Authorization", "Basic " + digest::base64("us:a%3Asecret")};
    CHECK(std::find(asked.with.begin(), asked.with.end(), basic) != asked.with.end());
}

TEST_CASE("a flow that nobody presented, or that another one has claimed, costs nothing") {
    house at;
    at.claimed.clear();
    CHECK(at.work().statements.empty());
    CHECK(at.web.asked.empty());
}

TEST_CASE("a provider that is away, slow or talks nonsense may be asked again; one that says no is final") {
    house at;
    auto& token = at.web.pages["POST " + issuer + "/token"];
    for (const auto& [status, body] : std::vector<std::pair<unsigned, std::string>>{
             {500, "{}"}, {302, ""}, {200, "<html>"}, {200, ""}, {429, "{}"}, {200, "[]]"}}) {
        CAPTURE(status);
        token = {status, body};
        CHECK(at.state() == "away");
    }
    token = {200, {}, http::errc::total_timeout};
    CHECK(at.state() == "away");
    token = {200, std::string(300'000, ' ') + "{}"};
    CHECK(at.state() == "away");
    token = {400, R"({"error":"invalid_grant"})"};
    CHECK(at.state() == "refused");
    token = {200, "{}"};
    CHECK(at.state() == "refused");
    token = {200, R"({"id_token":"rubbish"})"};
    CHECK(at.state() == "refused");
    at.event.provider = "unknown";
    CHECK(at.state() == "away");
}

TEST_CASE("keys are fetched anew for an unknown one, and not again within the minute") {
    house at;
    const auto rotated = [&](std::string_view kid) {
        at.web.pages["POST " + issuer + "/token"].body = json::object().add("id_token", token_of("", kid)).text();
    };
    at.web.pages["GET " + issuer + "/keys"].body = jwks("k2");
    rotated("k2");
    CHECK(at.state() == "known");
    at.web.asked.clear();
    at.web.pages["GET " + issuer + "/keys"].body = jwks("k3");
    rotated("k3");
    for (int i = 0; i < 5; ++i) CHECK(at.state() == "refused");
    CHECK(at.web.asked.size() == 5);
    // A provider whose keys have gone is not believed without them.
    at.providers[0].keys_asked_until = {};
    at.web.pages["GET " + issuer + "/keys"] = {500, ""};
    CHECK(at.state() == "away");
}

TEST_CASE("an address that is not in the token is asked for, of the same person") {
    house at;
    at.web.pages["POST " + issuer + "/token"].body =
        json::object().add("id_token", token_of("")).add("access_token", "t").text();
    at.web.pages["GET " + issuer + "/me"].body = R"({"sub":"s1","email":"x@y.z","email_verified":true,"name":"X"})";
    const auto done = at.work();
    CHECK(parameter(done.statements[0], "email") == "x@y.z");
    CHECK(parameter(done.statements[0], "name") == "X");
    at.web.pages["GET " + issuer + "/me"].body = R"({"sub":"s2","email":"x@y.z","email_verified":true})";
    CHECK(at.state() == "refused");
    at.web.pages["GET " + issuer + "/me"].body = R"({"email":"x@y.z","email_verified":true})";
    CHECK(at.state() == "refused");
}

TEST_CASE("a token that an app brings needs no exchange; apps' ids count for those only") {
    house at;
    at.providers[0].app_ids = {"an app"};
    at.claimed = {token_of(R"(,"x":1)"), "t", std::nullopt, std::nullopt, nonce_hash};
    CHECK(at.state() == "known");
    CHECK(at.web.asked.empty());
    const auto from = std::to_string(unix_seconds(now()));
    const auto of_app =
        signed_token(es256_header, R"({"iss":"https://p.example","sub":"s1","aud":"an app","nonce":"a nonce","iat":)" +
                                       from + R"(,"exp":)" + from + "}");
    at.claimed[0] = of_app;
    CHECK(at.state() == "known");
    at.claimed = {"a code", "f", "a verifier", "https://airi.example/", nonce_hash};
    at.web.pages["POST " + issuer + "/token"].body = json::object().add("id_token", of_app).text();
    CHECK(at.state() == "refused");
}

TEST_CASE("Discord says who it is at /users/@me, and vouches for verified addresses only") {
    oauth::identity_settings with;
    with.discord_client_id = "us";
    with.discord_client_secret = secret("s");
    house at(with);
    at.event.provider = "discord";
    at.web.pages["POST https://discord.com/api/oauth2/token"].body =
        R"({"access_token":"t","token_type":"Bearer","expires_in":604800,"scope":"identify email"})";
    auto& me = at.web.pages["GET https://discord.com/api/v10/users/@me"];
    me.body =
        R"({"id":"80351110224678912","username":"nelly","global_name":"Nelly","verified":true,"email":"nelly@discord.com"})";
    const auto done = at.work();
    CHECK(parameter(done.statements[0], "subject") == "80351110224678912");
    CHECK(parameter(done.statements[0], "verified") == "true");
    CHECK(parameter(done.statements[0], "name") == "Nelly");
    me.body =
        R"({"id":"8","username":"nelly","global_name":null,"verified":false,"email":"nelly@discord.com","email_verified":true})";
    const auto unverified = at.work();
    CHECK(parameter(unverified.statements[0], "verified") == "false");
    CHECK(parameter(unverified.statements[0], "name") == "nelly");
    me.body = R"({"username":"nelly"})";
    CHECK(at.state() == "refused");
}

TEST_CASE("a provider whose configuration is another's, unsafe or not there is not offered") {
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
    CHECK_FALSE(read_configuration(with("https://q.example", "https://p.example/t"), one));
    CHECK_FALSE(read_configuration(with(issuer + "/", "https://p.example/t"), one));
    CHECK_FALSE(read_configuration(with(issuer, "http://p.example/t"), one));
    CHECK_FALSE(read_configuration(with(issuer, "ftp://p.example/t"), one));
    CHECK_FALSE(read_configuration("{}", one));
    CHECK_FALSE(read_configuration("<html>", one));
    CHECK(oauth::is_safe("http://localhost:1/x"));
    CHECK_FALSE(oauth::is_safe("http://localhost.example/x"));
    house at;
    at.database.committed.clear();
    at.web.pages.clear();
    at.providers = {unknown};
    at.io.run(at.learn());
    CHECK(at.database.all("oauth.renew_provider").empty());
}

TEST_CASE("the secret for Apple is a JWT of the team's key for five minutes") {
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
    CHECK(
        digest::from_base64url(jwt.substr(first + 1, last - first - 1)) ==
        R"({"iss":"TEAM","iat":1800000000,"exp":1800000300,"aud":"https://appleid.apple.com","sub":"com.example.airi"})");
    const auto set = oauth::key_set::of(jwks());
    CHECK(set.find("k1", signatures::algorithm::es256)
            ->verify(jwt.substr(0, last), *digest::from_base64url(jwt.substr(last + 1))));
    with.apple_private_key = secret("-----BEGIN PRIVATE KEY-----\\nMIGH\\n-----END PRIVATE KEY-----");
    with.apple_team_id = "";
    with.google_client_id = "g";
    with.google_issuer = "http://accounts.example";
    CHECK(oauth::mistakes_of(with).size() == 4);
}
