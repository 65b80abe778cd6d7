// Security headers and origins of the application's answers.
#include "gateway/settings.hpp"
#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::test;

namespace {

using house = gateway_fixture;

gateway::request with_header(gateway::request in, std::string name, std::string value) {
    in.headers.emplace_back(std::move(name), std::move(value));
    return in;
}

}  // namespace

TEST_CASE("only listed origins may read responses") {
    house h;
    const auto from = [&](const char* origin) {
        return h.ask(with_header(house::anonymous(verb::get, "/api/v1/settings"), "origin", origin));
    };
    CHECK(house::header(from("https://app.example"), "Access-Control-Allow-Origin") == "https://app.example");
    CHECK(house::header(from("https://evil.example"), "Access-Control-Allow-Origin") == "none");
    CHECK(house::header(from("https://app.example.evil.example"), "Access-Control-Allow-Origin") == "none");
    CHECK(house::header(from("null"), "Access-Control-Allow-Origin") == "none");
    CHECK(house::header(from("https://evil.example"), "Vary") == "Origin");
    const auto preflight =
        h.ask(with_header(house::anonymous(verb::options, "/api/v1/conversations"), "origin", "https://app.example"));
    CHECK(preflight.status == 204);
    CHECK(contains(house::header(preflight, "Access-Control-Allow-Methods"), "PATCH"));
}

TEST_CASE("pages of an allowed origin may send whatever headers their client library adds") {
    house h;
    const auto allowed = [&](const char* origin, const std::string& asked) {
        auto in = with_header(house::anonymous(verb::options, "/v1/chat/completions"), "origin", origin);
        return house::header(
            h.ask(with_header(std::move(in), "access-control-request-headers", asked)), "Access-Control-Allow-Headers");
    };
    const std::string sdk =
        "authorization,content-type,x-stainless-os,openai-organization,anthropic-version,traceparent";
    CHECK(allowed("https://app.example", sdk) == sdk);
    for (const auto& other :
        {std::string("x y"), std::string("a,b\"c"), std::string(), std::string("a\r\nX: y"), std::string(2'001, 'a')})
        CHECK(contains(allowed("https://app.example", other), "Idempotency-Key"));
    CHECK_FALSE(contains(allowed("https://evil.example", sdk), "x-stainless"));
}

TEST_CASE("AIRI-12 SAAS-09: the profile decides headers and origins, and ALLOWED_ORIGINS replaces its origins") {
    house h;
    CHECK(house::header(h.ask(house::anonymous(verb::get, "/")), "Content-Security-Policy") != "none");
    h.settings = R"({"hsts_seconds":60,"hsts_subdomains":false,"content_security_policy":"default-src 'self'",)"
                 R"("cors_origins":["https://shop.example"],"service_name":"shop"})";
    h.load();
    CHECK(contains(h.application->headers()->lines(), "Strict-Transport-Security: max-age=60\r\n"));
    CHECK(contains(h.application->headers()->lines(), "Content-Security-Policy: default-src 'self'\r\n"));
    // A browser enforces the product's policy and the page's own.
    std::vector<std::string> policies;
    for (const auto& [name, value] : h.ask(house::anonymous(verb::get, "/")).headers)
        if (name == "Content-Security-Policy") policies.push_back(value);
    CHECK(policies.size() == 2);
    CHECK(policies.front() == "default-src 'self'");
    CHECK(contains(policies.back(), "object-src 'none'"));
    CHECK(house::header(h.ask(house::anonymous(verb::get, "/safety")), "Content-Security-Policy")
            .starts_with("default-src 'none'; script-src 'self';"));
    const auto allowed = [&] {
        auto in = with_header(house::anonymous(verb::get, "/api/v1/settings"), "origin", "https://shop.example");
        const auto socket = h.io.run(
            h.application->upgrade(with_header(h.request(verb::get, "/ws"), "origin", "https://shop.example")));
        CHECK(std::holds_alternative<gateway::upgraded>(socket) ==
              (house::header(h.ask(in), "Access-Control-Allow-Origin") != "none"));
        return house::header(h.ask(std::move(in)), "Access-Control-Allow-Origin");
    };
    CHECK(allowed() == "https://shop.example");
    h.options.product_origins = false;
    CHECK(allowed() == "none");
    gateway::gateway_settings settings;
    CHECK(gateway::options_of(settings).product_origins);
    settings.allowed_origins = "https://other.example";
    CHECK_FALSE(gateway::options_of(settings).product_origins);
}
