// Every setting is named in three places: a settings table, .env.example, and the service of compose.yaml that passes
// it on. These tests compare them in both directions.
#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>

#include "gateway/settings.hpp"
#include "platform/backup/settings.hpp"
#include "tests/support/cpp/source_tree.hpp"
#include "workers/modules.hpp"
#include "workers/providers/llm/openai_dialects.hpp"

using namespace airi;

namespace {

/// Names of settings, each with the file that has it.
using names = std::map<std::string, std::string>;

// Set in each container by the Dockerfile's ENTRYPOINT.
const std::set<std::string> not_passed{"AIRI_INSTANCE"};

std::string text_of(const std::string& path) { return test::read_text(test::source_root() / path); }

names matches(const std::string& text, const char* pattern, const std::string& path) {
    const std::regex expression(pattern);
    names out;
    for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) out[(*at)[1]] = path;
    return out;
}

names names_of(const std::vector<setting_help>& settings, const std::string& path) {
    names out;
    for (const auto& one : settings) out[std::string(one.name)] = path;
    return out;
}

// The vendors' settings follow from the rows of openai_dialects.hpp, so .env.example need not name them.
names vendor_settings() {
    names out;
    for (const auto& row : workers::providers::openai_dialects)
        for (const auto name : {row.key_setting, row.url_setting})
            out[std::string(name)] = "workers/providers/llm/openai_dialects.hpp";
    return out;
}

// The settings of the gateway and of each worker, which is a service of the same name in compose.yaml.
std::map<std::string, names> programs() {
    std::map<std::string, names> out;
    out["gateway"] = names_of(settings_help<gateway::gateway_settings>(), "gateway/settings.hpp");
    for (const auto* module : workers::modules()) {
        auto& table = out[std::string(module->name)];
        table = names_of(settings_help<workers::worker_settings>(), "workers/runtime/worker_settings.hpp");
        table.merge(names_of(module->settings(), "workers/" + std::string(module->name) + "/module.cpp"));
    }
    // environment::of_process() reads it in every program.
    for (auto& [program, table] : out) table["AIRI_ENV"] = "platform/base/environment.cpp";
    return out;
}

// The names in each service's environment, those of merged anchors included. compose.yaml merges no nested map.
std::map<std::string, std::set<std::string>> compose_environments() {
    std::istringstream lines(text_of("compose.yaml"));
    std::map<std::string, std::set<std::string>> anchors, services;
    std::set<std::string>* current = nullptr;
    std::string service;
    const std::regex anchor(R"(^x-[\w-]+: &([\w-]+)$)"), head(R"(^  ([a-z_]+):$)"), merged(R"(\*([\w-]+))"),
        name(R"(^\s+([A-Z][A-Z0-9_]*): )");
    std::smatch found;
    for (std::string line; std::getline(lines, line);) {
        if (std::regex_search(line, found, anchor))
            current = &anchors[found[1]], service.clear();
        else if (std::regex_search(line, found, head))
            service = found[1], current = nullptr;
        else if (line == "    environment:")
            current = &services[service];
        else if (!line.starts_with("      ") && !service.empty())
            current = nullptr;
        else if (!current)
            continue;
        else if (std::regex_search(line, found, name))
            current->insert(found[1]);
        else if (line.find("<<: ") != line.npos)
            for (std::sregex_iterator at(line.begin(), line.end(), merged), end; at != end; ++at) {
                const auto& from = anchors[(*at)[1]];
                current->insert(from.begin(), from.end());
            }
    }
    return services;
}

names examples() { return matches(text_of(".env.example"), R"((?:^|\n)(?:# )?([A-Z][A-Z0-9_]+)=)", ".env.example"); }

}  // namespace

TEST_CASE("compose.yaml passes each program the settings that its table has, and no others") {
    const auto services = compose_environments();
    const auto all = programs();
    REQUIRE(all.size() >= 9);
    REQUIRE(all.at("chat").contains("GROQ_BASE_URL"));
    for (const auto& [program, table] : all) {
        REQUIRE_MESSAGE(services.contains(program), "compose.yaml has no service " << program);
        const auto& passed = services.at(program);
        REQUIRE(passed.contains("DATABASE_URL"));
        for (const auto& [name, file] : table)
            CHECK_MESSAGE((passed.contains(name) || not_passed.contains(name)),
                file << " has the setting " << name << ", which compose.yaml does not pass to " << program
                     << ": add the line `" << name << ": ${" << name << ":-}` to the service or what it merges");
        for (const auto& name : passed)
            CHECK_MESSAGE(table.contains(name), "compose.yaml passes "
                                                    << name << " to " << program
                                                    << ", whose settings table does not have it: remove the line or "
                                                       "add the setting to the table");
    }
}

TEST_CASE(".env.example names each setting of each program") {
    const auto named = examples();
    const auto vendors = vendor_settings();
    auto all = programs();
    all["vault"] = names_of(settings_help<backup::vault_settings>(), "platform/backup/settings.hpp");
    for (const auto& [program, table] : all)
        for (const auto& [name, file] : table)
            CHECK_MESSAGE((named.contains(name) || vendors.contains(name)),
                file << " has the setting " << name << ", which .env.example does not name: add the line `# " << name
                     << "=` with its default and a comment");
}

TEST_CASE("each name in .env.example is read by a program, a script or compose.yaml") {
    std::string readers = text_of("airi") + text_of("compose.yaml");
    for (const auto& file : test::files_below({"deploy"}, {".sh"})) readers += file.text;
    names read = matches(readers, R"(\b([A-Z][A-Z0-9_]+)\b)", "");
    for (const auto& [program, table] : programs()) read.insert(table.begin(), table.end());
    read.merge(names_of(settings_help<backup::vault_settings>(), "platform/backup/settings.hpp"));
    const auto named = examples();
    REQUIRE(named.contains("AIRI_HOME"));
    for (const auto& [name, file] : named)
        CHECK_MESSAGE(read.contains(name),
            ".env.example names " << name << ", which no settings table and no script reads: remove the line");
}

TEST_CASE("each variable in compose.yaml is named in .env.example") {
    const auto named = examples();
    const auto vendors = vendor_settings();
    const auto used = matches(text_of("compose.yaml"), R"(\$\{([A-Z][A-Z0-9_]+))", "compose.yaml");
    REQUIRE(used.contains("POSTGRES_PASSWORD"));
    for (const auto& [name, file] : used)
        CHECK_MESSAGE((named.contains(name) || vendors.contains(name)),
            "compose.yaml reads " << name << ", which .env.example does not name: add the line `# " << name
                                  << "=` with a comment, or correct the name");
}
