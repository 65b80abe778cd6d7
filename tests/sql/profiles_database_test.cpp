#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <string>

#include "platform/postgres/postgres.hpp"
#include "tests/sql/profiles_documented.hpp"
#include "tests/support/cpp/places.hpp"
#include "tests/support/cpp/postgres_calls.hpp"
#include "tests/support/cpp/servers.hpp"

using namespace airi;
using namespace airi::tests;

namespace {

// One server with one database for each product, migrated with its profile.
class product_databases {
public:
    product_databases() {
        for (const auto& each : documented_profiles) {
            const auto url = url_of(each.profile);
            const auto script = (test::source_root() / "deploy/migrate.sh").string();
            const auto command = "AIRI_APP_PASSWORD=app AIRI_WORKER_PASSWORD=worker bash '" + script + "' '" + url +
                                 "' " + std::string(each.profile) + " >/dev/null";
            REQUIRE(std::system(command.c_str()) == 0);
            databases_.emplace(each.profile, postgres::open({secret(url), 1, 100}));
        }
    }

    // The first row's columns, separated by `|`; empty when there is no row.
    std::string row(std::string_view profile, const postgres::prepared& statement,
        std::vector<std::optional<std::string>> parameters = {}) {
        postgres::transaction work;
        work.statements.push_back({&statement, std::move(parameters)});
        const auto answer = test::run(*databases_.at(std::string(profile)), std::move(work));
        REQUIRE(answer);
        const auto& rows = answer->front();
        std::string out;
        for (std::size_t i = 0; i < (rows.empty() ? 0 : rows.columns_); ++i)
            out.append(i ? "|" : "").append(rows.text(0, i));
        return out;
    }

private:
    std::string url_of(std::string_view profile) const {
        const auto& url = server_.address();
        return url.substr(0, url.rfind('/') + 1).append(profile);
    }

    test::server server_{"postgres"};
    std::map<std::string, std::unique_ptr<postgres::database>> databases_;
};

product_databases& databases() {
    static product_databases instance;
    return instance;
}

std::string joined(auto... values) {
    std::string out;
    ((out.append(out.empty() ? "" : "|").append(std::to_string(values))), ...);
    return out;
}

const postgres::prepared product{"product",
    "select (select value #>> '{}' from airi.system_settings where key = 'profile'), "
    "(select value #>> '{}' from airi.system_settings where key = 'product_name'), "
    "(select id from airi.plans where is_default), "
    "(select value #>> '{}' from airi.system_settings where key = 'access_token_seconds'), "
    "(select count(*) from airi.plans where active)",
    {}};
const postgres::prepared price{"price", "select price_cents from airi.plans where id = $1 and active", {}};
const postgres::prepared limit{
    "limit", "select amount from airi.plan_limits where plan = $1 and resource = $2 and period = $3", {}};
const postgres::prepared rate{"rate",
    "select max_requests, window_seconds from airi.rate_limits where name = $1 and plan = $2 and scope = $3", {}};
const postgres::prepared model{"model",
    "select input_nanousd, output_nanousd from airi.model_prices where provider = $1 and model = $2 and active", {}};

}  // namespace

TEST_CASE("a profile names its product, default plan, token lifetime and number of plans") {
    for (const auto& each : documented_profiles) {
        CAPTURE(each.profile);
        std::string expected;
        for (const auto part : {each.profile, each.product_name, each.default_plan}) expected.append(part).append("|");
        CHECK(databases().row(each.profile, product) == expected + joined(each.access_token_seconds, each.plans));
    }
}

TEST_CASE("a profile carries the documented prices of its plans") {
    for (const auto& each : documented_prices) {
        CAPTURE(each.profile);
        CAPTURE(each.plan);
        CHECK(databases().row(each.profile, price, {std::string(each.plan)}) == joined(each.price_cents));
    }
}

TEST_CASE("a profile carries the documented limits of its plans") {
    for (const auto& each : documented_limits) {
        CAPTURE(each.profile);
        CAPTURE(each.plan);
        CAPTURE(each.resource);
        CHECK(
            databases().row(each.profile, limit,
                {std::string(each.plan), std::string(each.resource), std::string(each.period)}) == joined(each.amount));
    }
}

TEST_CASE("a profile carries the documented request rates") {
    for (const auto& each : documented_rates) {
        CAPTURE(each.profile);
        CAPTURE(each.name);
        CAPTURE(each.plan);
        CHECK(databases().row(
                  each.profile, rate, {std::string(each.name), std::string(each.plan), std::string(each.scope)}) ==
              joined(each.max_requests, each.window_seconds));
    }
}

TEST_CASE("a profile carries the documented models and their prices") {
    for (const auto& each : documented_models) {
        CAPTURE(each.profile);
        CAPTURE(each.model);
        CHECK(databases().row(each.profile, model, {std::string(each.provider), std::string(each.model)}) ==
              joined(each.nanousd, each.nanousd));
    }
}
