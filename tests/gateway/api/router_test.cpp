#include "gateway/api/router.hpp"
#include "gateway/api/request_checks.hpp"
#include "gateway/routes/tables.hpp"

#include <set>

#include "sql/statements.hpp"
#include "tests/gateway/gateway_fixture.hpp"

using namespace airi;
using namespace airi::gateway;

namespace {

found_route find_route(verb method, std::string_view path) {
    static const router all{routes::tables()};
    return all.find(method, path);
}

std::vector<std::string> placeholders_of(std::string_view path) {
    std::vector<std::string> out;
    for (auto at = path.find('{'); at != path.npos; at = path.find('{', at + 1))
        out.emplace_back(path.substr(at, path.find('}', at) - at));
    return out;
}

std::string path_of(verb method, std::string_view path) {
    const auto found = find_route(method, path);
    return found.route ? std::string(found.route->path) : "none";
}

}  // namespace

TEST_CASE("the three prefixes reach the same routes, and no route is reached without one") {
    for (const std::string prefix : {"/api/v1", "/api", "/v1"}) {
        CHECK(path_of(verb::get, prefix + "/conversations") == "/conversations");
        CHECK(path_of(verb::post, prefix + "/chat/completions") == "/chat/completions");
    }
    for (const auto* path : {"/conversations", "/api/v2/conversations", "/api/v1conversations", "/apiconversations",
             "/api/v1/v1/conversations"})
        CHECK(path_of(verb::get, path) != "/conversations");
}

TEST_CASE("absolute paths take no prefix") {
    CHECK(path_of(verb::get, "/healthz") == "=/healthz");
    CHECK(path_of(verb::get, "/metrics") == "=/{file}");
    CHECK(path_of(verb::get, "/") == "=/");
    CHECK(path_of(verb::get, "/api/v1/healthz") == "none");
}

TEST_CASE("an encoded slash is part of a placeholder's value, not a separator") {
    const auto found = find_route(verb::get, "/v1/models/a%2Fb%25%2F");
    REQUIRE(found.route);
    CHECK(found.route->path == "/models/{model}");
    CHECK(found.path == std::vector<std::string>{"a/b%/"});
    CHECK(path_of(verb::get, "/v1/models/a/b") == "none");
    CHECK(path_of(verb::get, "/v1%2Fmodels") != "/models");
}

// Slashes too many are dropped, so a client whose id is empty by mistake asks for the path without it.
TEST_CASE("a DELETE that lacks an id deletes nothing") {
    for (const auto& table : routes::tables())
        for (const auto& row : table) {
            const auto path = "/v1" + std::string(row.path);
            for (auto at = path.find('{'); at != path.npos && row.method == verb::del; at = path.find('{', at + 1)) {
                auto without = path;
                without.erase(at - 1, path.find('}', at) + 2 - at);
                CHECK_MESSAGE(!find_route(verb::del, without).route, without);
            }
        }
}

TEST_CASE("every path of a WebSocket answers a lost upgrade with 426") {
    std::size_t count = 0;
    for (const auto& table : routes::tables())
        for (const auto& row : table)
            for (const auto& way : ways_to(row)) {
                if (!row.opens_socket) continue;
                ++count;
                test::gateway_fixture h;
                auto path = std::string(way.path.substr(1));
                if (const auto at = path.find('{'); at != path.npos) path.replace(at, path.npos, "1");
                const auto out = h.ask(test::gateway_fixture::anonymous(verb::get, path));
                CHECK(out.status == 426);
                CHECK(test::gateway_fixture::header(out, "Upgrade") == "websocket");
            }
    CHECK(count >= 4);
}

TEST_CASE("a placeholder matches one part of the path, and never an empty one") {
    const auto found = find_route(verb::get, "/api/v1/conversations/abc-1/messages");
    REQUIRE(found.route);
    CHECK(found.path == std::vector<std::string>{"abc-1"});
    CHECK(path_of(verb::get, "/api/v1/conversations/abc/def/messages") == "none");
    CHECK(path_of(verb::get, "/api/v1/conversations//messages") == "none");
    CHECK(path_of(verb::get, "/api/v1/conversations/") == "none");
    CHECK(path_of(verb::get, "/api/v1/conversations/abc/messages/") == "none");
    CHECK(path_of(verb::get, "/api/v1//conversations") == "none");
    CHECK(path_of(verb::get, "") == "none");
}

TEST_CASE("AIRI-56: a feature that is switched off is refused, all others are not") {
    airi::test::gateway_fixture fixture;
    auto& options = fixture.options;
    const auto check = [&](std::string_view flag) { return check_flag(fixture.services, flag, nullptr); };
    options.file_uploads = false;
    options.voice_chat = true;
    CHECK(check("file_uploads")->code == "FEATURE_DISABLED");
    CHECK_FALSE(check("voice_chat"));
    options.file_uploads = true;
    options.voice_chat = false;
    CHECK_FALSE(check("file_uploads"));
    CHECK(check("voice_chat")->status == 403);
    CHECK_FALSE(check("another"));
}

TEST_CASE("AIRI-56: routes that take images need the files feature, and no other route does") {
    for (const auto& table : routes::tables())
        for (const auto& r : table) {
            CAPTURE(r.path);
            CHECK((r.needs == "file_uploads") == r.media_types.starts_with("image/"));
        }
}

TEST_CASE("a route that sends messages needs the chat scope, one that answers with tokens issues them") {
    for (const auto& table : routes::tables())
        for (const auto& r : table) {
            CAPTURE(r.path);
            CHECK(r.sends_message == (r.scope == "chat"));
            CHECK(r.issues_tokens == (r.response == "Tokens" || r.response == "LoginLinkSent"));
        }
}

TEST_CASE("HEAD reaches the routes of GET") {
    CHECK(path_of(verb::head, "/api/v1/conversations") == "/conversations");
    CHECK(path_of(verb::head, "/healthz") == "=/healthz");
    CHECK(path_of(verb::head, "/api/v1/auth/login") == "none");
}

TEST_CASE("a path without the method lists its methods") {
    CHECK(find_route(verb::del, "/api/v1/conversations").methods == "GET, HEAD, POST");
    CHECK(find_route(verb::get, "/api/v1/auth/login").methods == "POST");
    CHECK(find_route(verb::post, "/healthz").methods == "GET, HEAD");
    CHECK(find_route(verb::get, "/api/v1/nowhere").methods.empty());
    CHECK(find_route(verb::post, "/nowhere").methods.empty());
    CHECK(find_route(verb::put, "/api/v1/users/activity").methods == "GET, HEAD");
    CHECK_FALSE(find_route(verb::put, "/api/v1/users/activity").route);
}

TEST_CASE("STATEX-39: every route that takes a JSON body names its schema") {
    std::size_t bodies = 0;
    for (const auto& table : routes::tables())
        for (const auto& r : table) {
            CAPTURE(r.path);
            const bool takes_json = r.body_limit > 0 && r.media_types == json_media;
            CHECK(takes_json == !r.body.empty());
            bodies += takes_json;
        }
    CHECK(bodies > 50);
}

TEST_CASE("a route is reached by its other ways too, each with its method") {
    CHECK(path_of(verb::get, "/api/v1/users/me") == "/users/profile");
    CHECK(path_of(verb::patch, "/v1/users/profile") == "/users/profile");
    CHECK(path_of(verb::put, "/api/users/0") == "/users/{id}");
    CHECK(find_route(verb::post, "/api/v1/ai/conversations").methods == "GET, HEAD");
    CHECK(find_route(verb::get, "/api/users/me/api-keys/7").methods == "DELETE");
    const route wrong{.method = verb::get, .path = "/a", .also = "FETCH /b"};
    CHECK_THROWS(ways_to(wrong));
}

TEST_CASE("STATEX-01 STATEX-02 STATEX-03: the paths below /auth need no prefix, and no other paths do") {
    for (const auto* path : {"/auth/signup", "/auth/login", "/auth/logout", "/auth/refresh"})
        CHECK(path_of(verb::post, path) == path);
    CHECK(path_of(verb::get, "/auth") == "=/{file}");
    CHECK(path_of(verb::get, "/auth/") == "none");
}

TEST_CASE("every row of the tables is consistent") {
    std::set<std::pair<verb, std::string>> seen;
    for (const auto& table : routes::tables())
        for (const auto& r : table) {
            CAPTURE(r.path);
            CHECK((r.path.starts_with('/') || r.path.starts_with("=/")));
            for (const auto& [method, path] : ways_to(r)) {
                CHECK(seen.emplace(method, std::string(path)).second);
                CHECK(placeholders_of(path) == placeholders_of(r.path));
                const bool takes_body = method == verb::post || method == verb::put || method == verb::patch;
                if (method != verb::del) CHECK(takes_body == (r.body_limit > 0));
            }
            if (!r.handler) CHECK(sql::find(r.name) != nullptr);
        }
    CHECK(seen.size() > 20);
}

TEST_CASE("every route but the public ones requires a signed-in caller") {
    const std::set<std::string_view> open{"/auth/signup", "/auth/login", "/auth/refresh", "/auth/verify-email",
        "/auth/forgot-password", "/auth/reset-password", "/auth/magic-link", "/auth/magic-link/details",
        "/auth/magic-link/login", "/auth/parental-consent/details", "/auth/parental-consent", "/auth/restore",
        "/auth/restore/link", "/auth/oauth", "/auth/oauth/callback", "/auth/oauth/{provider}/start",
        "/auth/oauth/{provider}/return", "/auth/oauth/{provider}/id-token", "/plans", "/settings", "/crisis/resources",
        "/webhooks/stripe", "=/crisis/contacts/confirm", "/crisis/contacts/confirm", "/crisis/contacts/confirm/details",
        "/moderation/appeals", "/moderation/appeals/details", "=/appeal", "/safety/referrals", "/safety/notices",
        "=/safety", "/health", "=/healthz", "=/readyz", "=/health", "=/openapi.json", "=/asyncapi.json", "=/docs", "=/",
        "=/admin", "=/favicon.ico", "=/{file}", "=/client/{file}", "=/style/{file}", "=/views/{file}", "=/ws",
        "=/ws/conversation/{user_id}"};
    for (const auto& table : routes::tables())
        for (const auto& r : table) {
            CAPTURE(r.path);
            const bool picture = r.path == "/avatars/{id}" && r.method == verb::get;
            CHECK((r.access == access::anyone) == (picture || open.contains(r.path)));
        }
}

TEST_CASE("a route for administrators and for the user of its path checks whose path it is") {
    std::size_t found = 0;
    for (const auto& table : routes::tables())
        for (const auto& r : table) {
            CAPTURE(r.path);
            CHECK(r.of_any_user == (r.summary.find("for administrators any") != r.summary.npos ||
                                       r.summary.find("for administrators of any") != r.summary.npos));
            if (r.of_any_user) CHECK(r.path.starts_with("/users/{id}"));
            found += r.of_any_user;
        }
    CHECK(found == 5);
}

TEST_CASE("AIRI-05 AIRI-27: a profile is cached for at most an hour, a search for at most ten minutes") {
    std::map<std::string, seconds> found;
    for (const auto& table : routes::tables())
        for (const auto& r : table) found.emplace(r.name, r.cache_for);
    CHECK(found.at("profile.get") == seconds{3600});
    CHECK(found.at("messages.search") == seconds{600});
}
