#include "workers/providers/models.hpp"

#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::workers::providers;

namespace {

const std::vector<priced_model> all{
    {"groq", "llama", 0, {50, 80}, 8000, 1000},
    {"openai", "gpt-mini", 0, {150'000'000, 600'000'000}, 128'000, 4000},
    {"azure", "gpt-mini", 0, {150'000'000, 600'000'000}, 128'000, 4000},
    {"openai", "gpt-big", 2, {2'500'000'000, 10'000'000'000}, 128'000, 4000},
    {"anthropic", "claude", 3, {3'000'000'000, 15'000'000'000}, 200'000, 4000},
    {"simulated", "simulated", 0, {}, 8000, 1000},
};
const std::vector<std::string_view> everyone{"openai", "azure", "anthropic", "groq", "simulated"};

std::vector<std::string> names(
    const std::vector<std::string_view>& configured, std::int64_t rank, std::string_view wanted = "") {
    std::vector<std::string> out;
    for (const auto& m : chain(all, {configured, {}}, {rank, wanted}, {}, health_table{}))
        out.push_back(m.provider + "/" + m.model);
    return out;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("a plan's models come in the order of the price list, without those above its rank") {
    CHECK(names(everyone, 0) == list{"groq/llama", "openai/gpt-mini", "azure/gpt-mini"});
    CHECK(names(everyone, 2) == list{"groq/llama", "openai/gpt-mini", "azure/gpt-mini", "openai/gpt-big"});
    CHECK(names(everyone, 3).back() == "anthropic/claude");
}

TEST_CASE("the requested model comes first, from every provider that has it") {
    CHECK(names(everyone, 0, "gpt-mini") == list{"openai/gpt-mini", "azure/gpt-mini", "groq/llama"});
    CHECK(names(everyone, 0, "claude") == list{"groq/llama", "openai/gpt-mini", "azure/gpt-mini"});
    CHECK(names(everyone, 0, "no such model") == names(everyone, 0));
}

TEST_CASE("only configured providers are called") {
    CHECK(names({"azure", "simulated"}, 3) == list{"azure/gpt-mini"});
    CHECK(names({}, 3).empty());
}

TEST_CASE("the simulated provider is used when there is no other, or when its model was requested") {
    CHECK(names({"simulated"}, 0) == list{"simulated/simulated"});
    CHECK(names({"openai", "simulated"}, 0) == list{"openai/gpt-mini"});
    CHECK(names({"openai", "simulated"}, 0, "simulated") == list{"simulated/simulated", "openai/gpt-mini"});
    CHECK(names({"anthropic", "simulated"}, 0) == list{"simulated/simulated"});
}

TEST_CASE("the cheapest models come first, those of one price in the order of the list") {
    std::vector<std::string> names;
    for (const auto& m : cheapest_first(chain(all, {{"openai", "azure", "groq"}, {}}, {2, ""}, {}, health_table{})))
        names.push_back(m.provider + "/" + m.model);
    CHECK(names == list{"groq/llama", "openai/gpt-mini", "azure/gpt-mini", "openai/gpt-big"});
}

TEST_CASE("AIRI-31: each kind of token has its price, and a call is rounded once, half up") {
    const priced_model model{"openai", "m", 0,
        {.input = 1'000'000, .output = 8, .cached = 100'000, .cache_write = 1'250'000, .reasoning = 4}, 8000, 1000};
    CHECK(cost(model, {.in = 10, .cached = 4, .cache_write = 2}) == 7);  // 4 + 0.4 + 2.5
    CHECK(cost(model, {.out = 62'500}) == 1);                            // 0.5
    CHECK(cost(model, {.out = 62'499}) == 0);
    CHECK(cost(model, {.out = 100'000, .reasoning = 100'000}) == 0);  // 0.4
    CHECK(cost(model, {.out = 125'000, .reasoning = 125'000}) == 1);  // 0.5
    CHECK(cost({"openai", "m", 0, {.input = 9'000'000'000'000'000'000}, 1, 1}, {.in = 100'000'000}) ==
          std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("a call's row has both counts, what the provider reported, and the version of the prices") {
    const priced_model model{"openai", "m", 0, {.input = 1'000'000, .version = 7}, 8000, 1000};
    const auto counted = priced_call(model, "completed",
        {.counted = token_count{12, 3, 2, 1}, .reported = "{}", .whole = true, .own = {10, 4}}, milliseconds{5}, 2);
    CHECK(counted.tokens.in == 12);
    CHECK(counted.tokens.reasoning == 1);
    CHECK(counted.own_in == 10);
    CHECK(counted.counted_by_provider);
    CHECK(counted.price_version == 7);
    CHECK(counted.cost_nanousd == 10);
    const auto own = priced_call(model, "interrupted", {.own = {10, 4}}, milliseconds{5}, 2);
    CHECK(own.tokens.in == 10);
    CHECK(own.tokens.out == 4);
    CHECK_FALSE(own.counted_by_provider);
    // Anthropic counts one token out before it begins.
    const auto cut = priced_call(
        model, "interrupted", {.counted = token_count{12, 1}, .reported = "{}", .own = {10, 4}}, milliseconds{5}, 2);
    CHECK(cut.tokens.in == 12);
    CHECK(cut.tokens.out == 4);
    CHECK_FALSE(cut.counted_by_provider);
}

TEST_CASE("a price is per million tokens and exact") {
    CHECK(cost(all[1], {412, 97}) == 412 * 150 + 97 * 600);
    CHECK(cost(all[5], {1'000'000, 1'000'000}) == 0);
    CHECK(cost(all[4], {2'000'000'000, 1'000'000'000}) == 21'000'000'000'000);
}

TEST_CASE("the price list is read from its rows") {
    postgres::rows rows;
    rows.columns_ = 17;
    for (const auto* cell : {"openai", "gpt-mini", "1", "10", "150", "600", "128000", "4000", "1", "gpt-2026", "t",
             "fast", "2023-12-01-preview", "t", "15", "180", "700"})
        rows.cells_.emplace_back(cell);
    const auto read = read_models(rows);
    REQUIRE(read.size() == 1);
    CHECK(read[0].provider == "openai");
    CHECK(read[0].model == "gpt-mini");
    CHECK(read[0].min_rank == 1);
    CHECK(read[0].priority == 10);
    CHECK(read[0].prices.input == 150);
    CHECK(read[0].prices.output == 600);
    CHECK(read[0].prices.cached == 15);
    CHECK(read[0].prices.cache_write == 180);
    CHECK(read[0].prices.reasoning == 700);
    CHECK(read[0].prices.version == 1);
    CHECK(read[0].context_tokens == 128'000);
    CHECK(read[0].reply_tokens == 4000);
    CHECK(read[0].id() == "gpt-2026");
    CHECK(read[0].stand_in);
    CHECK(read[0].tier == "fast");
    CHECK(read[0].api_version == "2023-12-01-preview");
}

namespace {

const moment noon{std::chrono::hours(12)};

// Of the models a to d: which provider is asked in which order.
struct ordered {
    std::vector<priced_model> models{priced("a", 1), priced("b", 2), priced("c", 3), priced("d", 4)};
    health_table health;
    provider_rules rules;
    model_request request;

    static priced_model priced(const char* provider, std::int64_t priority) {
        priced_model out{provider, "m" + std::string(provider), 0, {1, 1}, 8000, 1000};
        out.priority = priority;
        return out;
    }
    std::string order() const {
        std::string out;
        for (const auto& m : chain(models, {{"a", "b", "c", "d"}, {}}, request, rules, health)) out += m.provider;
        return out;
    }
    void fails(const char* provider, int times) {
        for (int i = 0; i < times; ++i) health.of(provider).failed(noon, errc::unavailable);
    }
    void answers(const char* provider, milliseconds latency) { health.of(provider).succeeded(noon, latency); }
};

}  // namespace

TEST_CASE("AIRI-30: a provider that mostly fails or is slow is asked after the others, the worse the later") {
    ordered o;
    CHECK(o.order() == "abcd");
    o.fails("a", 3);
    CHECK(o.order() == "abcd");  // 73 %
    o.fails("a", 5);
    CHECK(o.order() == "bcda");
    o.fails("b", 20);
    CHECK(o.order() == "cdab");
    o.answers("c", seconds{11});
    CHECK(o.order() == "dcab");
    for (int i = 0; i < 40; ++i) o.answers("a", milliseconds{100});
    CHECK(o.order() == "adcb");
    SUBCASE("within what the settings say") {
        o.rules.min_success = 0;
        CHECK(o.order() == "abdc");
        o.rules.max_latency = seconds{12};
        CHECK(o.order() == "abcd");
    }
    SUBCASE("but a requested model first") {
        o.request.requested = "mb";
        CHECK(o.order() == "badc");
    }
}

TEST_CASE(
    "AIRI-30: of models with one priority the provider that succeeds more often is asked first, then the faster") {
    ordered o;
    for (auto& m : o.models) m.priority = 1;
    for (const auto* provider : {"a", "b", "c", "d"}) o.answers(provider, milliseconds{500});
    CHECK(o.order() == "abcd");
    o.fails("a", 2);
    CHECK(o.order() == "bcda");
    o.answers("b", seconds{5});
    CHECK(o.order() == "cdba");
}

TEST_CASE("AIRI-30: what the other workers have measured counts like this worker's own") {
    ordered o;
    std::map<std::string, others_health, std::less<>> others;
    others["a"] = {.workers = 3, .measured = 3, .success_rate = 0.2};
    o.health.set_others(others);
    CHECK(o.order() == "bcda");
    for (int i = 0; i < 5; ++i) o.answers("a", milliseconds{100});
    CHECK(o.order() == "bcda");  // three workers of four see it fail
    others["a"].measured = 1;
    o.health.set_others(others);
    CHECK(o.order() == "abcd");
}

TEST_CASE("AIRI-29: a stand-in answers for a plan below its rank only after the plan's own models") {
    ordered o;
    o.models[0].min_rank = 10;  // not for this plan
    o.models[1].min_rank = 10;
    o.models[1].stand_in = true;
    CHECK(o.order() == "cdb");
    o.request.requested = "mb";  // may not be named
    CHECK(o.order() == "cdb");
    o.request.rank = 10;
    CHECK(o.order() == "bacd");
    o.request = {};
    o.models.erase(o.models.begin() + 2, o.models.end());
    CHECK(o.order() == "b");
}

TEST_CASE(
    "STATEX-10 STATEX-11 STATEX-12: a tier is requested by its name, the default one is first, none replaces another") {
    std::vector<priced_model> models{{"azure", "gpt-4", 0, {60, 60}, 8000, 1000},
        {"openai", "gpt-4", 0, {30, 30}, 8000, 1000}, {"ollama", "codellama", 0, {}, 8000, 1000},
        {"ollama", "llama", 0, {}, 8000, 1000}, {"simulated", "simulated-1", 0, {1, 1}, 8000, 1000}};
    for (auto& m : models)
        if (m.provider != "simulated" && m.model != "llama") m.tier = m.provider;
    provider_rules rules;
    rules.default_tier = "openai";
    rules.fallback = false;
    const auto order = [&](provider_names names, std::string_view requested) {
        std::string out;
        for (const auto& m : chain(models, names, {0, requested}, rules, health_table{})) out += m.provider + " ";
        return out;
    };
    const provider_names three{{"openai", "azure", "simulated"}, {"ollama"}};
    CHECK(order(three, "") == "openai ");
    CHECK(order(three, "openai") == "openai ");
    CHECK(order(three, "azure") == "azure ");
    CHECK(order(three, "ollama") == "ollama ");
    CHECK(order(three, "codellama") == "ollama ");
    CHECK(order({{"azure", "simulated"}, {"ollama"}}, "") == "azure ");  // a plan that allows no other
    CHECK(order({{"simulated"}, {"ollama"}}, "") == "simulated ");
    rules.fallback = true;
    CHECK(order(three, "azure") == "azure openai ");
    CHECK(order(three, "") == "openai azure ");
    CHECK(order({{"openai", "azure", "ollama"}, {}}, "") == "openai azure ollama ollama ");
}
