#include <doctest/doctest.h>

#include <map>
#include <regex>

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/source_tree.hpp"

// workers/workers.cmake is the list of workers. What cannot read it is compared with it here.
namespace {

using airi::test::contains;

struct listed {
    std::string group;
    bool encryption_key = false;
};

std::map<std::string, listed> listed_workers() {
    const auto text = airi::test::read_text(airi::test::source_root() / "workers/workers.cmake");
    const std::regex line(R"(\nairi_worker\((\w+)(?: GROUP (\w+))?( NEEDS ENCRYPTION_KEY)?\))");
    std::map<std::string, listed> out;
    for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it)
        out[(*it)[1]] = {(*it)[2], (*it)[3].matched};
    return out;
}

// The services of compose.yaml by name, each with its lines.
std::map<std::string, std::string> services() {
    std::istringstream lines(airi::test::read_text(airi::test::source_root() / "compose.yaml"));
    std::map<std::string, std::string> out;
    std::string name;
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty() && line.front() != ' ') inside = line == "services:";
        if (!inside) continue;
        if (line.starts_with("  ") && line.ends_with(':') && line[2] != ' ') name = line.substr(2, line.size() - 3);
        out[name] += line + '\n';
    }
    return out;
}

}  // namespace

TEST_CASE("each worker has a service in compose.yaml, and only those that need ENCRYPTION_KEY get it") {
    const auto workers = listed_workers();
    const auto all = services();
    REQUIRE(workers.size() >= 8);
    for (const auto& [name, worker] : workers) {
        CAPTURE(name);
        REQUIRE(all.contains(name));
        const auto& service = all.at(name);
        CHECK(contains(service, "<<: *worker\n"));
        CHECK(contains(service, "command: [airi-" + name + "]\n"));
        CHECK(contains(service, "*worker-settings"));
        CHECK((contains(service, "*keys") || contains(service, "ENCRYPTION_KEY")) == worker.encryption_key);
    }
    for (const auto& [name, service] : all) {
        CAPTURE(name);
        CHECK(contains(service, "<<: *worker\n") == workers.contains(name));
    }
}

TEST_CASE("each worker has a folder, and each folder with a program is a worker") {
    const auto workers = listed_workers();
    for (const auto& entry : std::filesystem::directory_iterator(airi::test::source_root() / "workers")) {
        const auto name = entry.path().filename().string();
        CAPTURE(name);
        CHECK(std::filesystem::exists(entry.path() / "main.cpp") == workers.contains(name));
    }
}

TEST_CASE("each worker consumes in the group that workers.cmake names") {
    const std::regex declared(R"x(\bgroup = "(\w+)";)x");
    for (const auto& [name, worker] : listed_workers()) {
        CAPTURE(name);
        const auto path = airi::test::source_root() / "workers" / name / (name + ".cpp");
        const auto text = std::filesystem::exists(path) ? airi::test::read_text(path) : std::string{};
        std::smatch found;
        CHECK((std::regex_search(text, found, declared) ? found[1].str() : "") == worker.group);
    }
}
