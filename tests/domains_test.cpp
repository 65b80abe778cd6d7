// A domain has one name, the same in every folder: sql/queries/<domain>.sql holds the statements <domain>.*.
#include <doctest/doctest.h>

#include <filesystem>

#include "sql/statement_parser.hpp"
#include "tests/support/cpp/source_tree.hpp"

using namespace airi;

TEST_CASE("a statement's prefix is its file's name") {
    const auto files = test::files_below({"sql/queries"}, {".sql"});
    REQUIRE(!files.empty());
    for (const auto& file : files) {
        const auto domain = std::filesystem::path(file.path).stem().string();
        for (const auto& statement : sql::parse(file.path, file.text))
            CHECK_MESSAGE(statement.name.starts_with(domain + "."), file.path, ": ", statement.name);
    }
}
