// What the documents say of the tree is true.
#include <doctest/doctest.h>

#include <filesystem>
#include <regex>

#include "tests/support/cpp/source_tree.hpp"

namespace {

using airi::test::files_below;
using airi::test::source_root;

const std::regex named_path("`((?:gateway|workers|events|sql|schemas|platform|tests|deploy|bench|docs)/[\\w./-]*)`");

}  // namespace

TEST_CASE("every path that a document names exists") {
    std::string missing;
    auto documents = files_below({"docs"}, {".md"});
    for (const auto* name : {"README.md", "CONTRIBUTING.md", "SECURITY.md"})
        documents.push_back({name, airi::test::read_text(source_root() / name)});
    REQUIRE(documents.size() > 10);
    for (const auto& document : documents)
        for (std::sregex_iterator at(document.text.begin(), document.text.end(), named_path), end; at != end; ++at)
            if (const auto path = (*at)[1].str(); !std::filesystem::exists(source_root() / path))
                missing += document.path + ": " + path + "\n";
    CHECK(missing == "");
}
