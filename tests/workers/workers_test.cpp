#include <doctest/doctest.h>

#include <map>
#include <regex>

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/source_tree.hpp"
#include "workers/modules.hpp"

// workers/workers.cmake is the list of workers. What cannot read it is compared with it here.
namespace {

using airi::test::contains;

// The consumer group of each worker; empty when it consumes nothing.
std::map<std::string, std::string> listed_workers() {
    const auto text = airi::test::read_text(airi::test::source_root() / "workers/workers.cmake");
    const std::regex line(R"(\nairi_worker\((\w+)(?: GROUP (\w+))?(?: LIGHT| OPERATIONS)?\))");
    std::map<std::string, std::string> out;
    for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it) out[(*it)[1]] = (*it)[2];
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

TEST_CASE("each worker has a service in compose.yaml, which runs it alone") {
    const auto workers = listed_workers();
    const auto all = services();
    REQUIRE(workers.size() >= 8);
    for (const auto& [name, group] : workers) {
        CAPTURE(name);
        REQUIRE(all.contains(name));
        const auto& service = all.at(name);
        CHECK(contains(service, "<<: *worker\n"));
        CHECK(contains(service, "command: [airi-worker, " + name + "]\n"));
        CHECK(contains(service, "*worker-settings"));
    }
    for (const auto& [name, service] : all) {
        CAPTURE(name);
        CHECK(contains(service, "<<: *worker\n") == workers.contains(name));
    }
}

TEST_CASE("each worker has a module of its name, and each folder with a module is a worker") {
    const auto workers = listed_workers();
    CHECK(airi::workers::modules().size() == workers.size());
    for (const auto* module : airi::workers::modules()) CHECK(workers.contains(std::string(module->name)));
    for (const auto& entry : std::filesystem::directory_iterator(airi::test::source_root() / "workers")) {
        const auto name = entry.path().filename().string();
        CAPTURE(name);
        CHECK(std::filesystem::exists(entry.path() / "module.cpp") == workers.contains(name));
    }
}

TEST_CASE("each worker consumes in the group that workers.cmake names") {
    const std::regex declared(R"x(\bgroup = "(\w+)";)x");
    for (const auto& [name, group] : listed_workers()) {
        CAPTURE(name);
        const auto path = airi::test::source_root() / "workers" / name / (name + ".cpp");
        const auto text = std::filesystem::exists(path) ? airi::test::read_text(path) : std::string{};
        std::smatch found;
        CHECK((std::regex_search(text, found, declared) ? found[1].str() : "") == group);
    }
}

TEST_CASE("a setting that two workers have is one setting: the same default, bounds and text") {
    std::map<std::string_view, std::string> lines;
    for (const auto& one : airi::workers::settings_of(airi::workers::modules())) {
        const auto [known, added] = lines.emplace(one.name, one.line);
        CHECK(known->second == one.line);
    }
    CHECK(lines.contains("ENCRYPTION_KEY"));
}

TEST_CASE("only the workers that need a secret have it") {
    std::map<std::string_view, std::string> owners;
    for (const auto* module : airi::workers::modules())
        for (const auto& one : module->settings())
            if (contains(one.line, "_FILE)")) owners[one.name] += std::string(module->name) + ' ';
    CHECK(owners.at("ENCRYPTION_KEY") == "moderation crisis gaming archive ");
    CHECK(owners.at("EVIDENCE_KEY") == "moderation ");
    CHECK(owners.at("EVIDENCE_KEY_PREVIOUS") == "moderation ");
    CHECK(owners.at("LINK_KEY") == "email crisis violations ");
    CHECK(owners.at("OPENAI_API_KEY") == "moderation chat memory ");
    CHECK(owners.at("MAIL_SMTP_URL") == "email ");
    CHECK(owners.at("ARCHIVE_S3_SECRET_KEY") == "archive ");
    CHECK(owners.at("TWILIO_AUTH_TOKEN") == "crisis ");
    CHECK(owners.at("GAME_RCON_PASSWORD") == "gaming ");
    CHECK(owners.at("ROBLOX_API_KEY") == "gaming ");
    CHECK(owners.at("GOOGLE_CLIENT_SECRET") == "oauth ");
}
