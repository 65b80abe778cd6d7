// A domain has one name, the same in every folder: gateway/routes/<domain>.cpp has the routes <domain>.*,
// schemas/api/<domain>.json their bodies, sql/queries/<domain>.sql the statements <domain>.*; the worker of
// events/<domain>.hpp is workers/<domain>/.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sql/statement_parser.hpp"
#include "tests/support/cpp/source_tree.hpp"

using namespace airi;

namespace {

using names = std::set<std::string, std::less<>>;

// Routes without schemas: the web page's files.
const names without_schemas{"pages", "websocket"};
// Routes without statements of their own: presence reads sessions, health reads provider_health, the others have
// none.
const names without_statements{"ai", "health", "openai", "pages", "presence", "websocket"};
// Schemas without routes: what several domains share.
const names without_routes{"common"};
// What every event is made with.
const names not_domains{"all", "codec", "envelope", "field", "sample", "schema", "topics"};

std::string stem_of(const std::string& path) { return std::filesystem::path(path).stem().string(); }

names stems_below(std::string_view folder, std::string_view ending) {
    names out;
    for (const auto& file : test::files_below({folder}, {ending}))
        if (std::filesystem::path(file.path).parent_path() == folder) out.insert(stem_of(file.path));
    return out;
}

// The texts between `before` and the next quote, in a source file.
names texts_after(const std::string& text, std::string_view before) {
    names out;
    for (auto at = text.find(before); at != text.npos; at = text.find(before, at + 1)) {
        const auto begin = at + before.size();
        out.insert(text.substr(begin, text.find('"', begin) - begin));
    }
    return out;
}

}  // namespace

TEST_CASE("a route's name begins with its file's name") {
    const auto files = test::files_below({"gateway/routes"}, {".cpp"});
    REQUIRE(!files.empty());
    for (const auto& file : files)
        for (const auto& name : texts_after(file.text, ".name = \""))
            CHECK_MESSAGE(name.starts_with(stem_of(file.path) + "."), file.path, ": the route ", name,
                " belongs to another file of gateway/routes, or begins with ", stem_of(file.path), ".");
}

TEST_CASE("every domain with routes has schemas and statements of the same name") {
    const auto schemas = stems_below("schemas/api", ".json"), queries = stems_below("sql/queries", ".sql");
    const auto routes = stems_below("gateway/routes", ".cpp");
    for (const auto& domain : routes) {
        CHECK_MESSAGE(schemas.contains(domain) != without_schemas.contains(domain), "gateway/routes/", domain,
            ".cpp needs schemas/api/", domain,
            ".json or a place in without_schemas of tests/domains_test.cpp, not both");
        CHECK_MESSAGE(queries.contains(domain) != without_statements.contains(domain), "gateway/routes/", domain,
            ".cpp needs sql/queries/", domain,
            ".sql or a place in without_statements of tests/domains_test.cpp, not both");
    }
    for (const auto& domain : schemas)
        CHECK_MESSAGE(routes.contains(domain) != without_routes.contains(domain), "schemas/api/", domain,
            ".json needs gateway/routes/", domain,
            ".cpp or a place in without_routes of tests/domains_test.cpp, not both");
}

TEST_CASE("the events of a domain have a worker of the same name") {
    for (const auto& domain : stems_below("events", ".hpp")) {
        if (not_domains.contains(domain)) continue;
        CHECK_MESSAGE(!test::files_below({"workers/" + domain}, {".cpp"}).empty(), "events/", domain,
            ".hpp needs a worker of its name, workers/", domain, "/");
    }
}

TEST_CASE("a statement's prefix is its file's name") {
    const auto files = test::files_below({"sql/queries"}, {".sql"});
    REQUIRE(!files.empty());
    for (const auto& file : files) {
        const auto domain = std::filesystem::path(file.path).stem().string();
        for (const auto& statement : sql::parse(file.path, file.text))
            CHECK_MESSAGE(statement.name.starts_with(domain + "."), file.path, ": ", statement.name);
    }
}
