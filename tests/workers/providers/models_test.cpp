#include "workers/providers/models.hpp"

#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::workers::providers;

namespace {

const std::vector<priced_model> all{
    {"groq", "llama", 0, 50, 80, 8000, 1000},
    {"openai", "gpt-mini", 0, 150, 600, 128'000, 4000},
    {"azure", "gpt-mini", 0, 150, 600, 128'000, 4000},
    {"openai", "gpt-big", 2, 2500, 10'000, 128'000, 4000},
    {"anthropic", "claude", 3, 3000, 15'000, 200'000, 4000},
    {"simulated", "simulated", 0, 0, 0, 8000, 1000},
};
const std::vector<std::string_view> everyone{"openai", "azure", "anthropic", "groq", "simulated"};

std::vector<std::string> names(
    const std::vector<std::string_view>& configured, std::int64_t rank, std::string_view wanted = "") {
    std::vector<std::string> out;
    for (const auto& m : chain(all, configured, rank, wanted)) out.push_back(m.provider + "/" + m.model);
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
    for (const auto& m : cheapest_first(chain(all, {"openai", "azure", "groq"}, 2, "")))
        names.push_back(m.provider + "/" + m.model);
    CHECK(names == list{"groq/llama", "openai/gpt-mini", "azure/gpt-mini", "openai/gpt-big"});
}

TEST_CASE("a price is per token and exact") {
    CHECK(cost(all[1], {412, 97}) == 412 * 150 + 97 * 600);
    CHECK(cost(all[5], {1'000'000, 1'000'000}) == 0);
    CHECK(cost(all[4], {2'000'000'000, 1'000'000'000}) == 21'000'000'000'000);
}

TEST_CASE("the price list is read from its rows") {
    postgres::rows rows;
    rows.columns_ = 9;
    for (const auto* cell : {"openai", "gpt-mini", "1", "10", "150", "600", "128000", "4000", "1"})
        rows.cells_.emplace_back(cell);
    const auto read = read_models(rows);
    REQUIRE(read.size() == 1);
    CHECK(read[0].provider == "openai");
    CHECK(read[0].model == "gpt-mini");
    CHECK(read[0].min_rank == 1);
    CHECK(read[0].input_nanousd == 150);
    CHECK(read[0].output_nanousd == 600);
    CHECK(read[0].context_tokens == 128'000);
    CHECK(read[0].reply_tokens == 4000);
}
