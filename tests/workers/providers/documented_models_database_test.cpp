// Every active model of every product, read as the workers read it, against each provider's stand-in, which refuses ids
// that its provider does not have today.
#include <algorithm>
#include <set>

#include "platform/base/log.hpp"
#include "platform/http/client.hpp"
#include "sql/statements.hpp"
#include "tests/platform/http_raw_server.hpp"
#include "tests/sql/product_databases.hpp"
#include "tests/workers/providers/said.hpp"
#include "tests/workers/providers/stub_provider_process.hpp"
#include "tests/workers/providers/vendor_named.hpp"
#include "workers/providers/models.hpp"
#include "workers/providers/providers.hpp"

namespace airi::tests {
namespace {

using namespace workers::providers;

std::vector<priced_model> models_of(std::string_view product) {
    return read_models(databases().rows(product, sql::bind("catalogue.models", {})));
}
provider_rules rules_of(std::string_view product) {
    return read_rules(databases().rows(product, sql::bind("catalogue.provider_settings", {})).text(0, 0));
}

struct world : stub_provider_client {
    health_table health;

    // With the keys of these providers only.
    provider_list providers(const std::set<std::string_view>& names) {
        provider_settings settings;
        const std::pair<const char*, const char*> paths[] = {
            {"openai", "/openai/v1"}, {"groq", "/groq/openai/v1"}, {"azure", "/azure"}};
        for (const auto& [name, path] : paths)
            if (names.contains(name)) vendor_named(settings, name) = {secret("key"), process().url(path)};
        if (names.contains("anthropic")) {
            settings.anthropic_api_key = secret("key");
            settings.anthropic_base_url = process().url("/anthropic");
        }
        if (names.contains("ollama")) settings.ollama_host = process().url("/ollama");
        return from_settings(settings, *client, on.get_executor());
    }
    said ask(const provider_list& all, const priced_model& model, std::string id) {
        prompt asked{.model = std::move(id), .turns = {{role::user, "hi"}}, .temperature = 0.7};
        asked.api_version = model.api_version;
        return run(on, listen(&provider_named(all, model.provider), std::move(asked), {}));
    }
    // The models that answer a request on a plan, in their order, as "provider/model".
    std::vector<priced_model> chain_of(std::string_view product, const provider_list& all,
        const std::vector<std::string>& plan, model_request request) {
        return chain(models_of(product), allowed(all, plan), request, rules_of(product), health);
    }
};

const std::set<std::string_view> every_provider{"openai", "groq", "azure", "anthropic", "ollama"};

}  // namespace

TEST_CASE("AIRI-28: each provider accepts the id of each of its models of every product") {
    world w;
    const auto providers = w.providers(every_provider);
    std::size_t asked = 0;
    for (const auto& product : documented_profiles)
        for (const auto& model : models_of(product.profile)) {
            if (model.provider == "simulated") continue;
            CAPTURE(product.profile);
            CAPTURE(model.provider);
            CAPTURE(model.id());
            const auto got = w.ask(providers, model, model.id());
            CHECK(!got.failed);
            CHECK(got.ended == finish::stop);
            // Azure's documented version of the API sends no counts: ours are estimates.
            CHECK(got.tokens.has_value() == (model.provider != "azure"));
            ++asked;
        }
    CHECK(asked >= 20);
}

TEST_CASE("AIRI-28: a provider refuses the name of a model that it has retired") {
    world w;
    const auto providers = w.providers(every_provider);
    int retired = 0;
    for (const auto& model : models_of("airi")) {
        if (model.id() == model.model) continue;
        CAPTURE(model.model);
        CHECK(w.ask(providers, model, model.model).failed == errc::bad_model);
        ++retired;
    }
    CHECK(retired == 7);
    for (const auto& provider : providers) {
        if (provider->name() == "simulated") continue;
        prompt asked{.model = "gpt-99", .turns = {{role::user, "hi"}}, .temperature = {}};
        CHECK(run(w.on, listen(provider.get(), asked, {})).failed == errc::bad_model);
    }
}

TEST_CASE("AIRI-28: with Groq's key alone every plan with a model of Groq's gets its answers") {
    world w;
    const auto providers = w.providers({"groq"});
    for (const auto* product : {"airi", "saas"})
        for (const std::int64_t rank : {0, 10, 20})
            for (const auto* requested : {"", "gpt-3.5-turbo"}) {
                CAPTURE(product);
                CAPTURE(rank);
                const auto models = w.chain_of(product, providers, {}, {rank, requested});
                REQUIRE(models.size() == 1);
                CHECK(models[0].provider == "groq");
                CHECK(!w.ask(providers, models[0], models[0].id()).failed);
            }
}

TEST_CASE("AIRI-29: a plan's own models come first, and what stands in for them last") {
    world w;
    const auto providers = w.providers(every_provider);
    const auto names = [&](std::int64_t rank, std::string_view requested = "") {
        std::vector<std::string> out;
        for (const auto& model : w.chain_of("airi", providers, {}, {rank, requested})) out.push_back(model.model);
        return out;
    };
    using list = std::vector<std::string>;
    CHECK(names(0) == list{"gpt-3.5-turbo", "llama3.2", "claude-3-haiku", "mixtral-8x7b"});
    CHECK(names(0, "gpt-4") == names(0));
    CHECK(names(10) == list{"gpt-4-turbo-preview", "gpt-4", "claude-3-sonnet", "gpt-3.5-turbo", "claude-3-haiku",
                           "mixtral-8x7b", "gpt-4o-mini", "llama3.2"});
    CHECK(names(10, "gpt-4").front() == "gpt-4");
    CHECK(std::ranges::count(names(10), "claude-3-opus") == 0);
    CHECK(names(20)[2] == "claude-3-opus");
}

TEST_CASE("STATEX-10 STATEX-11 STATEX-12: each tier is asked alone, at its price for 1,000 tokens") {
    world w;
    const auto providers = w.providers(every_provider);
    struct tier {
        const char *name, *model;
        std::int64_t nanousd_for_1000;
    };
    const std::vector<std::string> premium{"azure", "openai", "ollama", "simulated"};
    for (const auto& [name, model, price] :
        {tier{"ollama", "codellama", 0}, tier{"openai", "gpt-4", 30'000'000}, tier{"azure", "gpt-4", 60'000'000}}) {
        CAPTURE(model);
        const auto models = w.chain_of("statex", providers, premium, {20, name});
        REQUIRE(models.size() == 1);
        CHECK(models[0].provider == name);
        CHECK(models[0].model == model);
        CHECK(cost(models[0], {600, 400}) == price);
        CHECK(!w.ask(providers, models[0], models[0].id()).failed);
    }
    CHECK(w.chain_of("statex", providers, premium, {20, ""}).front().provider == "openai");
    const auto within_the_eu = w.chain_of("statex", providers, {"azure", "ollama", "simulated"}, {10, ""});
    REQUIRE(within_the_eu.size() == 1);
    CHECK(within_the_eu[0].provider == "azure");
    CHECK(within_the_eu[0].api_version == "2023-12-01-preview");
    CHECK(!rules_of("statex").fallback);
    CHECK(rules_of("statex").default_tier == "openai");
    const auto temperature = databases().rows("statex", sql::bind("catalogue.setting", {{"key", "temperature"}}));
    CHECK(temperature.number(0, 0) == 0.7);
    for (const auto* product : {"airi", "saas", "howto", "ezri"}) CHECK(rules_of(product).fallback);
}

TEST_CASE("SAAS-32 SAAS-34: every product has the documented breaker, and no budget but the operator's") {
    for (const auto& product : documented_profiles) {
        const auto rules = rules_of(product.profile);
        CHECK(rules.health.failures_to_open == 3);
        CHECK(rules.health.open_for == seconds{60});
        CHECK(rules.budgets.empty());
    }
}

}  // namespace airi::tests
