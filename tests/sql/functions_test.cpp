// How sql/ is divided: tables in migrations, functions and policies in files that are applied again when they change.
#include <doctest/doctest.h>

#include <map>
#include <regex>

#include "tests/support/cpp/source_tree.hpp"

using namespace airi;

namespace {

std::string without_comments(const std::string& sql) {
    static const std::regex comment("--[^\n]*");
    return std::regex_replace(sql, comment, "");
}

}  // namespace

TEST_CASE("a function is defined once, and so that it can be applied again") {
    static const std::regex function(R"(create (or replace )?(function \w+\([^)]*\)))");
    std::map<std::string, std::string> defined;
    for (const auto& file : test::files_below({"sql/functions"}, {".sql"})) {
        const auto text = without_comments(file.text);
        for (std::sregex_iterator at(text.begin(), text.end(), function), end; at != end; ++at) {
            CHECK_MESSAGE((*at)[1].matched, file.path, ": ", (*at)[2].str());
            const auto [first, added] = defined.emplace((*at)[2], file.path);
            CHECK_MESSAGE(added, file.path, " and ", first->second, ": ", first->first);
        }
    }
    CHECK(defined.size() > 100);
}

TEST_CASE("migrations leave functions, triggers, policies and grants to the other folders") {
    static const std::regex elsewhere(R"(create (or replace )?(function|trigger|policy)|grant (?!usage on schema))");
    const auto migrations = test::files_below({"sql/migrations"}, {".sql"});
    REQUIRE(!migrations.empty());
    for (const auto& file : migrations)
        CHECK_MESSAGE(!std::regex_search(without_comments(file.text), elsewhere), file.path);
}
