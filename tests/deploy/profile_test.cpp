#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <string>

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/places.hpp"

namespace {

// The command's output and exit status.
std::pair<std::string, int> output_of(const std::string& command) {
    auto* pipe = popen((command + " 2>&1").c_str(), "r");
    REQUIRE(pipe);
    std::string text;
    for (std::array<char, 512> part{}; std::fgets(part.data(), part.size(), pipe);) text += part.data();
    return {text, WEXITSTATUS(pclose(pipe))};
}

}  // namespace

TEST_CASE("./airi up rejects an unknown product before it starts anything, and names the known ones") {
    const auto airi = (airi::test::source_root() / "airi").string();
    const auto [text, status] = output_of("AIRI_HOME=$(mktemp -d) AIRI_PROFILE=sass '" + airi + "' up");
    CHECK(status == 1);
    CHECK(text == "error: no product is named sass; AIRI_PROFILE is one of: airi ezri howto saas statex\n");
}
