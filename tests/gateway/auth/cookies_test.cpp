#include "gateway/auth/cookies.hpp"

#include "gateway/auth/authenticate.hpp"
#include "gateway/auth/csrf.hpp"
#include "gateway/http/deprecation.hpp"
#include "gateway/settings.hpp"
#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::test;

namespace {

gateway::request with(std::initializer_list<std::pair<std::string, std::string>> headers, verb method = verb::get) {
    auto in = gateway_fixture::anonymous(method, "/api/v1/conversations");
    for (const auto& one : headers) in.headers.push_back(one);
    return in;
}

}  // namespace

TEST_CASE("a cookie is found by its whole name, and a repeated cookie is ignored") {
    gateway::gateway_options options;
    options.secure_cookies = false;
    const auto access = [&](std::initializer_list<std::pair<std::string, std::string>> headers) {
        return gateway::access_cookie(options, with(headers));
    };
    CHECK(access({{"cookie", "airi_access=x"}}) == "x");
    CHECK(access({{"cookie", "a=b;airi_access=x=y; c=d"}}) == "x=y");
    CHECK(access({{"cookie", "a=b"}, {"cookie", "airi_access=x"}}) == "x");
    CHECK(access({{"cookie", "airi_access=x; airi_access=x"}}) == "");
    CHECK(access({{"cookie", "airi_access=x"}, {"cookie", "airi_access=y"}}) == "");
    for (const auto* text : {"", ";", "=", "airi_access", "airi_access=", "airi_accessx=x", "xairi_access=x",
             "__Host-airi_access=x", "Airi_access=x"})
        CHECK(access({{"cookie", text}}) == "");
    options.secure_cookies = true;
    CHECK(access({{"cookie", "airi_access=x"}}) == "");
    CHECK(access({{"cookie", "__Host-airi_access=x"}}) == "x");
}

TEST_CASE("cookies require TLS, unless browser and gateway are on one machine") {
    const auto secure = [](std::string url) {
        gateway::gateway_settings settings;
        settings.frontend_url = std::move(url);
        return gateway::options_of(settings).secure_cookies;
    };
    for (const auto* url :
        {"", "http://localhost", "http://localhost:5173", "http://127.0.0.1:80", "http://[::1]:3001"})
        CHECK_FALSE(secure(url));
    for (const auto* url : {"https://app.example", "http://app.example", "http://localhost.evil.example",
             "http://127.0.0.1.evil.example:80", "https://localhost"})
        CHECK(secure(url));
}

TEST_CASE("any Authorization header wins over the cookie, and an API key in a cookie is ignored") {
    gateway::gateway_options options;
    const std::pair<std::string, std::string> cookie{"cookie", "__Host-airi_access=x"};
    CHECK(gateway::token_of(options, with({cookie})).by_cookie);
    CHECK(gateway::token_of(options, with({cookie, {"authorization", "Bearer y"}})).text == "y");
    CHECK(gateway::token_of(options, with({cookie, {"authorization", "Basic y"}})).text == "");
    CHECK(gateway::token_of(options, with({{"cookie", "__Host-airi_access=airi_0"}})).text == "");
}

TEST_CASE("a change by cookie requires the session's CSRF token in header and cookie") {
    gateway_fixture h;
    const auto token = gateway::csrf_token(h.services, h.session),
               foreign = gateway::csrf_token(h.services, session_id::fresh());
    CHECK(token != foreign);
    const auto status = [&](verb method, const std::string& header, const std::string& cookie) {
        const auto wrong = gateway::check_csrf(
            h.services, h.session, with({{"x-csrf-token", header}, {"cookie", "__Host-airi_csrf=" + cookie}}, method));
        return wrong ? wrong->status : 200;
    };
    CHECK(status(verb::post, token, token) == 200);
    for (const auto method : {verb::post, verb::put, verb::patch, verb::del})
        for (const auto& [header, cookie] : {std::pair(token, foreign), std::pair(foreign, token),
                 std::pair(foreign, foreign), std::pair(token, std::string{}), std::pair(std::string{}, token),
                 std::pair(std::string{}, std::string{})})
            CHECK(status(method, header, cookie) == 403);
    CHECK(status(verb::get, "", "") == 200);
    CHECK(status(verb::head, "", "") == 200);
}

TEST_CASE("paths without a version are deprecated and name their successor, escaped for the header") {
    const auto told = [](std::string_view path) {
        std::vector<std::pair<std::string, std::string>> out;
        gateway::add_deprecation(path, out);
        return out.empty() ? std::string{} : out.at(0).first + " " + out.at(1).second;
    };
    CHECK(told("/api/conversations") == "Deprecation </api/v1/conversations>; rel=\"successor-version\"");
    CHECK(told("/api/conversations/a>\"b\xc3\xa4") ==
          "Deprecation </api/v1/conversations/a%3E%22b%C3%A4>; rel=\"successor-version\"");
    for (const auto* path : {"/api/v1/conversations", "/v1/models", "/healthz", "/"}) CHECK(told(path) == "");
}

TEST_CASE("an account that may not be used is rejected with the database's reason") {
    gateway_fixture h;
    h.refused =
        R"({"problem" : {"status" : 403, "code" : "ACCOUNT_BANNED", "message" : "this account is banned", "details" )"
        R"(: {"reason": "x"}}})";
    const auto out = h.ask(h.request(verb::get, "/api/v1/conversations"));
    CHECK(out.status == 403);
    CHECK(gateway_fixture::code_of(out) == "ACCOUNT_BANNED");
    CHECK(contains(out.body, R"("details":{"reason":"x"})"));
}

TEST_CASE("admin routes require the role admin, some of them super") {
    gateway_fixture h;
    h.answer = [](const postgres::bound&) -> result<postgres::rows> { return gateway_fixture::row({"{}", "[]"}); };
    const auto id = uuid::v7().text();
    for (const auto& [role, list, promote] : {std::tuple("user", 403u, 403u), std::tuple("admin", 200u, 403u),
             std::tuple("super", 200u, 200u), std::tuple("", 403u, 403u)}) {
        h.role = role;
        h.sessions.invalidate(h.session);
        CAPTURE(h.role);
        CHECK(h.ask(h.request(verb::get, "/api/v1/admin/feature-flags")).status == list);
        const auto path = "/api/v1/admin/users/" + id + "/role";
        CHECK(h.ask(h.request(verb::put, path, R"({"role":"admin"})")).status == promote);
    }
}

TEST_CASE("a role above user needs a session with a second factor, on every route that needs the role") {
    gateway_fixture h;
    h.answer = [](const postgres::bound&) -> result<postgres::rows> { return gateway_fixture::row({"{}", "[]"}); };
    h.second_factor = false;
    std::size_t count = 0;
    for (const auto& table : gateway::routes::tables())
        for (const auto& route : table)
            for (const auto role : gateway::roles_of(route.access)) {
                CAPTURE(route.path);
                CAPTURE(role);
                h.role = role;
                h.sessions.invalidate(h.session);
                const auto refused = h.ask(h.request(route.method, "/api/v1" + std::string(route.path)));
                CHECK(refused.status == 403);
                CHECK(gateway_fixture::code_of(refused) == "SECOND_FACTOR_REQUIRED");
                ++count;
            }
    CHECK(count > 30);
    CHECK(h.database.all("admin.act").empty());
}

TEST_CASE("another user's path is for administrators with a second factor, and missing for everybody else") {
    gateway_fixture h;
    h.answer = [](const postgres::bound&) -> result<postgres::rows> { return cell("{}"); };
    const auto status = [&](const user_id& of) {
        h.sessions.invalidate(h.session);
        return h.ask(h.request(verb::get, "/api/v1/users/" + of.text())).status;
    };
    const auto other = user_id::fresh();
    for (const auto& [role, second_factor, expected] : {std::tuple("user", false, 404u), std::tuple("user", true, 404u),
             std::tuple("crisis", true, 404u), std::tuple("admin", false, 403u), std::tuple("admin", true, 200u)}) {
        h.role = role;
        h.second_factor = second_factor;
        CAPTURE(h.role);
        CHECK(status(other) == expected);
        CHECK(status(h.user) == 200);
    }
}
