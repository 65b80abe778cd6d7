// docs/requirements.md lists the ids that tests carry in their names.
#include <doctest/doctest.h>

#include <regex>
#include <set>

#include "tests/support/cpp/source_tree.hpp"

using namespace airi;

namespace {

std::set<std::string> ids_in(const std::string& text) {
    static const std::regex id("\\b(?:AIRI|SAAS|HOWTO|EZRI|STATEX)-[0-9]+\\b");
    return {std::sregex_token_iterator(text.begin(), text.end(), id), std::sregex_token_iterator()};
}

}  // namespace

TEST_CASE("every requirement id in the tests is listed in docs/requirements.md") {
    const auto listed = ids_in(test::read_text(test::source_root() / "docs/requirements.md"));
    REQUIRE(listed.size() == 275);
    for (const auto& file : test::files_below({"tests"}, {".mjs", ".cpp", ".hpp"}))
        for (const auto& id : ids_in(file.text)) CHECK_MESSAGE(listed.contains(id), file.path, ": ", id);
}
