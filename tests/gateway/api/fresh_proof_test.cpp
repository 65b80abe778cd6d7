// Changes of credentials need a fresh proof of identity.
#include "gateway/auth/fresh_proof.hpp"

#include <map>
#include <set>

#include "platform/crypto/digest.hpp"
#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::test;

namespace {

using house = gateway_fixture;

// The domains of credentials, and the changes in them that need no proof, with the reason.
const std::set<std::string_view> credentials{"api_keys", "two_factor", "oauth", "account_deletion"};
const std::map<std::string_view, std::string_view> exceptions{
    {"api_keys.revoke", "takes a right away, which a user in distress must not wait for"},
};

struct attempt {
    verb method;
    const char* path;
    const char* body;
};
const attempt attempts[]{{verb::post, "/api-keys", R"({"name":"k"})"},
    {verb::post, "/users/me/api-keys", R"({"name":"k"})"},
    {verb::post, "/api-keys/019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10/rotate", "{}"}, {verb::post, "/auth/2fa/setup", "{}"},
    {verb::post, "/auth/2fa/enable", R"({"code":"123456"})"}, {verb::post, "/auth/2fa/disable", R"({"code":"123456"})"},
    {verb::post, "/auth/oauth/google/link", "{}"},
    {verb::post, "/auth/identities", R"({"state":"s","code":"c","binding":"b","iss":"https://id.example"})"},
    {verb::del, "/auth/identities/019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10", ""}, {verb::del, "/users/me", "{}"}};

gateway::response send(house& h, const attempt& one) {
    return h.ask(h.request(one.method, "/api/v1" + std::string(one.path), one.body));
}

// Which statements ran beside those of the proof.
bool changed_something(const house& h) {
    for (const auto& one : h.database.committed)
        for (const std::string_view domain : credentials)
            if (one.statement->name.starts_with(domain) && one.statement->name != "two_factor.seed" &&
                one.statement->name != "two_factor.accept")
                return true;
    return false;
}

}  // namespace

TEST_CASE("every change of a credential needs a fresh proof, and no API key reaches it") {
    std::size_t found = 0;
    for (const auto& table : gateway::routes::tables())
        for (const auto& route : table) {
            const auto domain = route.name.substr(0, route.name.find('.'));
            const bool changes = credentials.contains(domain) && route.method != verb::get &&
                                 route.access != gateway::access::anyone && !exceptions.contains(route.name);
            CHECK_MESSAGE((!changes || route.fresh), route.name << " changes a credential: set .fresh in its row");
            CHECK_MESSAGE((!route.fresh || route.access != gateway::access::signed_in), route.name);
            CHECK_MESSAGE((!route.fresh || route.access != gateway::access::anyone), route.name);
            CHECK_MESSAGE((!route.proves || route.rate_group == "auth"), route.name << " checks passwords");
            found += changes;
        }
    CHECK(found == 10);
}

TEST_CASE("a session that was proved long ago changes no credential, and names the ways to prove it") {
    house h;
    h.proved_at = now() - gateway::proof_life;
    h.answer = [](const postgres::bound& asked) -> result<postgres::rows> {
        return asked.statement->name == "auth.proofs" ? cell(R"(["password", "link"])") : postgres::rows{};
    };
    for (const auto& one : attempts) {
        const auto out = send(h, one);
        CHECK_MESSAGE(out.status == 403, one.path);
        CHECK_MESSAGE(house::code_of(out) == "REAUTHENTICATION_REQUIRED", one.path);
        CHECK(contains(out.body, R"("proofs":["password", "link"])"));
    }
    CHECK(!changed_something(h));
}

TEST_CASE("a proof that was given to another gateway is seen at once") {
    house h;
    h.proved_at = now() - gateway::proof_life;
    CHECK(send(h, {verb::post, "/auth/2fa/setup", "{}"}).status == 403);
    h.proved_at = now();
    CHECK(send(h, {verb::post, "/auth/2fa/setup", "{}"}).status != 403);
}

TEST_CASE("a password or code proves the identity, a wrong one does not") {
    house h;
    h.proved_at = now() - gateway::proof_life;
    const auto hash = *passwords::hash(secret("a long password"));
    h.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        const auto id = h.user.text();
        if (asked.statement->name == "auth.attempt")
            return house::row({id.c_str(), hash.c_str(), "active", "user", "ann@example.org", "f", "device x", "0"});
        if (asked.statement->name == "two_factor.accept")
            return cell(contains(parameter(asked, "claim"), digest::sha256_hex("123456"))
                            ? std::optional<std::string>("recovery")
                            : std::nullopt);
        if (asked.statement->name == "sessions.prove") h.proved_at = now();
        return postgres::rows{};
    };
    const auto prove = [&](const char* body) { return send(h, {verb::post, "/auth/reauthenticate", body}); };
    CHECK(house::code_of(prove(R"({"password":"wrong"})")) == "WRONG_PASSWORD");
    CHECK(house::code_of(prove(R"({"code":"654321"})")) == "WRONG_CODE");
    for (const auto* body : {"{}", R"({"password":"a long password","code":"123456"})"})
        CHECK(prove(body).status == 422);
    CHECK(send(h, attempts[3]).status == 403);
    CHECK(!changed_something(h));
    CHECK(prove(R"({"password":"a long password"})").status == 200);
    CHECK(send(h, attempts[3]).status != 403);
    h.proved_at = now() - gateway::proof_life;
    CHECK(prove(R"({"code":"123456"})").status == 200);
    CHECK(parameter(h.database.all("auth.end_attempt").back(), "outcome") == "confirmed");
}
