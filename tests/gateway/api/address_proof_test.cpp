#include <set>

#include "tests/gateway/gateway_fixture.hpp"

using namespace airi;
using namespace airi::test;

namespace {
using house = gateway_fixture;
}  // namespace

TEST_CASE("an account whose address is not proved makes no credential and no contact") {
    house h;
    h.proved = false;
    const std::set<std::string_view> makers{"api_keys.create", "api_keys.rotate", "two_factor.setup",
        "two_factor.enable", "oauth.start_link", "oauth.link", "trusted_contacts.add"};
    // Any other change of a signed-in user in these domains makes a credential too.
    const std::set<std::string_view> domains{"api_keys", "two_factor", "oauth"};
    const std::set<std::string_view> enders{"api_keys.revoke", "two_factor.disable", "oauth.unlink"};
    std::set<std::string_view> found;
    for (const auto& table : gateway::routes::tables())
        for (const auto& r : table) {
            CAPTURE(r.path);
            if (r.proved) found.insert(r.name);
            if (r.access == gateway::access::anyone) {
                CHECK_FALSE(r.proved);
                continue;
            }
            if (r.method != verb::get && domains.contains(r.name.substr(0, r.name.find('.'))))
                CHECK(r.proved != enders.contains(r.name));
            if (!r.proved) continue;
            auto path = "/api/v1" + std::string(r.path);
            if (const auto at = path.find('{'); at != path.npos) path.replace(at, path.find('}') - at + 1, "x");
            CHECK(house::code_of(h.ask(h.request(r.method, path, "{}"))) == "EMAIL_NOT_VERIFIED");
        }
    CHECK(found == makers);
}

TEST_CASE("a proof of the address counts at once, though the cached account is older") {
    house h;
    h.proved = false;
    const auto make = [&] { return h.ask(h.request(verb::post, "/api/v1/api-keys", R"({"name":"x"})")); };
    CHECK(house::code_of(make()) == "EMAIL_NOT_VERIFIED");
    h.proved = true;
    CHECK(house::code_of(make()) == "NOT_FOUND");  // the fake database stores nothing
    h.proved = false;
    h.sessions.invalidate(h.session);
    CHECK(house::code_of(make()) == "EMAIL_NOT_VERIFIED");
    h.session_open = false;
    CHECK(make().status == 401);
}
