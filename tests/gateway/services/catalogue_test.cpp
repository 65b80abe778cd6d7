#include "gateway/services/catalogue.hpp"

#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"

using namespace airi;
using namespace airi::gateway;
using namespace airi::test;

namespace {

// Statex's models, as catalogue.models returns them.
struct loaded {
    loop io;
    fake_database database;
    catalogue known;
    account caller;

    // `connected`: whether a worker has azure.
    explicit loaded(const char* connected = "t") {
        database.answer = [connected](const postgres::bound& asked) -> result<postgres::rows> {
            postgres::rows out;
            if (asked.statement->name != "catalogue.models") return out;
            out.columns_ = 14;
            for (const auto* c : {"azure", "gpt-4", "10", "5", "60000", "60000", "8192", "4000", "1", "gpt-4", "f",
                     "azure", "", connected, "openai", "gpt-4", "0", "10", "30000", "30000", "8192", "4000", "1",
                     "gpt-4.1", "f", "openai", "", "t", "ollama", "codellama", "0", "890", "0", "0", "16384", "4000",
                     "1", "codellama", "f", "ollama", "", "t"})
                out.cells_.emplace_back(c);
            return out;
        };
        REQUIRE(io.run(known.load(database)));
    }
    std::string offered(std::int64_t rank, std::string features = "{}") {
        caller.rank = rank;
        caller.features = std::move(features);
        std::string out;
        for (const auto& model : known.rows()->offered_to(caller)) {
            CHECK(known.rows()->offers(model.name, caller));
            out += model.name + "/" + model.provider + " ";
        }
        return out;
    }
};

}  // namespace

TEST_CASE("STATEX-10 STATEX-11 STATEX-12: a plan may name its models and its tiers, and no others") {
    loaded known;
    CHECK(known.offered(0) == "gpt-4/openai codellama/ollama openai/openai ollama/ollama ");
    CHECK(!known.known.rows()->offers("azure", known.caller));
    CHECK(!known.known.rows()->offers("", known.caller));
    CHECK(known.offered(20) == "gpt-4/azure codellama/ollama azure/azure openai/openai ollama/ollama ");
}

TEST_CASE("a model that no worker has a provider for is not listed, but may be named: another one answers") {
    loaded known("f");
    CHECK(known.offered(20) == "gpt-4/openai codellama/ollama openai/openai ollama/ollama ");
    CHECK(known.known.rows()->offers("azure", known.caller));
}

TEST_CASE("STATEX-12: a plan that names its providers is offered only theirs") {
    loaded known;
    CHECK(known.offered(10, R"({"providers":["azure","simulated"]})") == "gpt-4/azure azure/azure ");
    CHECK(!known.known.rows()->offers("openai", known.caller));
    CHECK(known.offered(10, R"({"providers":[]})") ==
          "gpt-4/azure codellama/ollama azure/azure openai/openai ollama/ollama ");
}
