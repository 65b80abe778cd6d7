#include <doctest/doctest.h>

#include <string>

#include "tests/sql/product_databases.hpp"
#include "tests/sql/profiles_documented.hpp"

using namespace airi;
using namespace airi::tests;

namespace {

std::string joined(auto... values) {
    std::string out;
    ((out.append(out.empty() ? "" : "|").append(std::to_string(values))), ...);
    return out;
}

const postgres::prepared product{"product",
    "select (select value #>> '{}' from airi.system_settings where key = 'profile'), "
    "(select value #>> '{}' from airi.system_settings where key = 'product_name'), "
    "(select id from airi.plans where is_default), "
    "airi.setting_int('access_token_seconds'), "
    "(select count(*) from airi.plans where active)",
    {}};
const postgres::prepared price{"price", "select price_cents from airi.plans where id = $1 and active", {}};
const postgres::prepared limit{
    "limit", "select amount from airi.plan_limits where plan = $1 and resource = $2 and period = $3", {}};
const postgres::prepared rate{"rate",
    "select max_requests, window_seconds from airi.rate_limits where name = $1 and plan = $2 and scope = $3", {}};
const postgres::prepared context{"context", "select context_tokens from airi.plans where id = $1 and active", {}};
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

TEST_CASE("AIRI-28 STATEX-10 STATEX-11 STATEX-12: a profile carries the documented models and their prices") {
    for (const auto& each : documented_models) {
        CAPTURE(each.profile);
        CAPTURE(each.model);
        CHECK(databases().row(each.profile, model, {std::string(each.provider), std::string(each.model)}) ==
              joined(each.nanousd, each.nanousd));
    }
}

TEST_CASE("AIRI-29: a profile carries the documented tokens of its plans") {
    for (const auto& each : documented_contexts) {
        CAPTURE(each.plan);
        CHECK(databases().row(each.profile, context, {std::string(each.plan)}) == joined(each.tokens));
    }
}
