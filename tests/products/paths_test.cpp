// Every path that the five products' documents name is answered, or stands in owed.tsv until it is.
#include <algorithm>
#include <set>
#include <sstream>

#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/source_tree.hpp"

using namespace airi;
using namespace airi::test;

namespace {

// The columns of a table's rows; lines that begin with # are comments.
std::vector<std::vector<std::string>> rows_of(std::string_view file) {
    std::vector<std::vector<std::string>> out;
    std::istringstream lines(read_text(source_root() / "tests/products" / file));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('#')) continue;
        std::istringstream columns(line);
        out.emplace_back();
        for (std::string column; std::getline(columns, column, '\t');) out.back().push_back(column);
    }
    return out;
}

verb verb_named(std::string_view name) {
    constexpr std::string_view names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    const auto found = std::find(std::begin(names), std::end(names), name);
    REQUIRE(found != std::end(names));
    return static_cast<verb>(found - std::begin(names));
}

// With the user's id for each placeholder, {id} or :id.
std::string with_ids(const std::string& path, const std::string& id) {
    std::string out;
    std::istringstream parts(path.substr(1));
    for (std::string part; std::getline(parts, part, '/');)
        out += "/" + (part.starts_with('{') || part.starts_with(':') ? id : part);
    return out;
}

bool is_answered(gateway_fixture& h, const std::string& method, const std::string& path) {
    const auto asked = with_ids(path, h.user.text());
    if (method == "WS") {
        const auto got = h.io.run(h.application->upgrade(h.request(verb::get, asked)));
        return std::holds_alternative<gateway::upgraded>(got);
    }
    const auto found = h.routes.find(verb_named(method), asked);
    return found.route && !found.route->path.starts_with("=/{");
}

}  // namespace

TEST_CASE("every documented path of the five products is answered, or owed with its subject") {
    gateway_fixture h;
    std::set<std::vector<std::string>> owed;
    for (auto row : rows_of("owed.tsv")) {
        REQUIRE(row.size() == 4);
        CHECK_FALSE(row[0].empty());
        row.erase(row.begin());
        CHECK(owed.insert(std::move(row)).second);
    }
    std::set<std::string> products;
    for (auto row : rows_of("paths.tsv")) {
        REQUIRE(row.size() == 5);
        row.resize(3);
        products.insert(row[0]);
        const bool is_owed = owed.erase(row) > 0;
        const bool answered = is_answered(h, row[1], row[2]);
        CHECK_MESSAGE(answered != is_owed, row[0], " ", row[1], " ", row[2],
            answered ? " is answered: take it out of owed.tsv" : " is not answered");
    }
    CHECK(products.size() == 5);
    CHECK_MESSAGE(owed.empty(), owed.size(), " owed paths are not in paths.tsv");
}

TEST_CASE("a WebSocket at another user's documented path is not found") {
    gateway_fixture h;
    const auto at = [&](const std::string& path) {
        auto got = h.io.run(h.application->upgrade(h.request(verb::get, path)));
        return std::holds_alternative<gateway::upgraded>(got) ? 101 : std::get<gateway::response>(got).status;
    };
    CHECK(at("/ws/conversation/" + h.user.text()) == 101);
    CHECK(at("/ws/conversation/" + user_id::fresh().text()) == 404);
    CHECK(at("/ws/conversation/x") == 404);
}
