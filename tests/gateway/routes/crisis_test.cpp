#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::test;

namespace {

constexpr auto path = "/api/v1/crisis/resources";

// The catalogue has a line in Germany, one in France and the directory.
struct crisis_fixture : gateway_fixture {
    std::optional<std::string> country;  ///< of the caller's profile

    crisis_fixture() {
        answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            const auto& name = asked.statement->name;
            if (name == "crisis.resources") return lines();
            if (name == "crisis.country_of_caller") return row({country ? country->c_str() : nullptr});
            return postgres::rows{};
        };
        REQUIRE(io.run(known.load(database)));
    }

    static postgres::rows lines() {
        postgres::rows out;
        out.columns_ = 8;
        for (const auto* cell : {"DE", "suicide", "0", "1440", "127", "60", "4102444800", R"({"id":"de"})", "FR",
                 "suicide", "0", "1440", "127", "60", "4102444800", R"({"id":"fr"})", "*", "directory", "0", "1440",
                 "127", "0", "4102444800", R"({"id":"any"})"})
            out.cells_.emplace_back(cell);
        return out;
    }
    // "country chosen_by", or the status where it is not 200.
    std::string chosen(gateway::request in) {
        const auto got = ask(std::move(in));
        if (got.status != 200) return std::to_string(got.status);
        const auto parsed = json::document::parse(got.body);
        const auto data = parsed->root()["data"];
        return std::string(data["country"].string().value_or("null")) + " " + std::string(*data["chosen_by"].string());
    }
    static gateway::request from_proxy(gateway::request in, std::string country) {
        in.from_proxy = true;
        in.headers.emplace_back("cf-ipcountry", std::move(country));
        return in;
    }
    static gateway::request picking(gateway::request in, std::string country) {
        in.query.emplace_back("country", std::move(country));
        return in;
    }
};

}  // namespace

TEST_CASE("EZRI-39: help lines are answered without an account, best first, with the countries to pick") {
    crisis_fixture h;
    const auto got = h.ask(crisis_fixture::picking(h.anonymous(verb::get, path), "de"));
    CHECK(got.status == 200);
    CHECK(contains(got.body, R"("country":"DE","chosen_by":"query")"));
    CHECK(contains(got.body, R"("resources":[{"id":"de","open":true},{"id":"any","open":true}])"));
    CHECK(contains(got.body, R"("countries":["DE","FR"])"));
    CHECK(h.chosen(h.anonymous(verb::get, path)) == "null default");
    CHECK(h.chosen(crisis_fixture::picking(h.request(verb::get, path), "*")) == "null query");
    CHECK(h.chosen(crisis_fixture::picking(h.anonymous(verb::get, path), "Germany")) == "400");
    for (const auto* prefix : {"/v1/crisis/resources", "/api/crisis/resources"})
        CHECK(h.chosen(h.anonymous(verb::get, prefix)) == "null default");
}

TEST_CASE("EZRI-39: the country is the profile's, else the one that a trusted proxy names") {
    crisis_fixture h;
    h.options.country_header = "cf-ipcountry";
    const auto signed_in = [&] { return crisis_fixture::from_proxy(h.request(verb::get, path), "FR"); };
    CHECK(h.chosen(signed_in()) == "FR proxy");
    h.country = "DE";
    CHECK(h.chosen(signed_in()) == "DE profile");
    CHECK(h.chosen(crisis_fixture::from_proxy(h.anonymous(verb::get, path), "T1")) == "null default");
    auto forged = signed_in();
    forged.from_proxy = false;
    h.country.reset();
    CHECK(h.chosen(std::move(forged)) == "null default");
    h.options.country_header = "";
    CHECK(h.chosen(signed_in()) == "null default");
}

TEST_CASE("EZRI-39: nobody is rejected: not for a bad token, not without Redis, not without Postgres") {
    crisis_fixture h;
    h.country = "DE";
    auto bad = h.anonymous(verb::get, path);
    bad.headers.emplace_back("authorization", "Bearer x.y.z");
    CHECK(h.chosen(std::move(bad)) == "null default");
    h.refused = R"({"problem" : {"status":403,"code":"ACCOUNT_SUSPENDED","message":"suspended"}})";
    CHECK(h.chosen(h.request(verb::get, path)) == "null default");
    h.refused.clear();
    h.redis.go_away();
    h.database.use.fail_always(postgres::errc::unavailable);
    CHECK(h.chosen(h.request(verb::get, path)) == "null default");
    CHECK(h.chosen(crisis_fixture::picking(h.request(verb::get, path), "FR")) == "FR query");
}

TEST_CASE("EZRI-39: before the help lines are loaded the answer is 503, not an empty list") {
    gateway_fixture h;
    CHECK(h.ask(h.anonymous(verb::get, path)).status == 503);
}
