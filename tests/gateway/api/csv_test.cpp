#include "gateway/api/csv.hpp"

#include <array>

#include "tests/support/cpp/print.hpp"

using namespace airi;

TEST_CASE("AIRI-42: a CSV file has a header, quotes what needs it, and nothing for null") {
    const auto rows = json::document::parse(
        R"([{"day":"2026-11-27","model":"a \"big\", slow\nmodel","sums":{"calls":3}},{"day":null,"model":"x"}])");
    REQUIRE(rows);
    constexpr std::array<std::string_view, 3> columns{"day", "model", "sums.calls"};
    CHECK(gateway::csv_of(rows->root(), columns) ==
          "day,model,calls\r\n2026-11-27,\"a \"\"big\"\", slow\nmodel\",3\r\n,x,\r\n");
    const auto none = json::document::parse("[]");
    CHECK(gateway::csv_of(none->root(), columns) == "day,model,calls\r\n");
}
