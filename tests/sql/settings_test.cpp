// Every setting and feature flag of sql/functions/settings.sql is read, and whatever is set or read is declared there.
#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>

#include "tests/support/cpp/source_tree.hpp"

using namespace airi;

namespace {

using names = std::set<std::string>;

// Declared for features whose readers are being written: the list may only become shorter.
const names without_reader;

std::string text_of(const std::string& path) { return test::read_text(test::source_root() / path); }

// All matches of the expression, by its first group; the second one, if it has one, is the value.
std::map<std::string, std::string> matches(const std::string& text, const char* pattern) {
    const std::regex expression(pattern);
    std::map<std::string, std::string> out;
    for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
        out[(*at)[1]] = at->size() > 2 ? (*at)[2].str() : std::string{};
    return out;
}

// The body of an SQL function that is one list of values.
std::string declared_in(std::string_view function) {
    const auto text = text_of("sql/functions/settings.sql");
    const auto begin = text.find("function " + std::string(function));
    REQUIRE(begin != text.npos);
    return text.substr(begin, text.find("$$;", begin) - begin);
}

// Each with the path of its reader.
std::map<std::string, std::string> settings() {
    return matches(declared_in("setting_declarations"),
        R"re(\('([a-z_]+)',\s*'(?:boolean|integer|number|text|texts|records|object)')re"
        R"re([^)]*'((?:sql|gateway|workers)/[^']+)'\))re");
}
std::map<std::string, std::string> flags() {
    return matches(declared_in("flag_declarations"), R"(\('([a-z_]+)', (?:true|false), '([^']+)'\))");
}

bool reads(const std::string& path, const std::string& key) {
    const auto text = text_of(path);
    return text.find("'" + key + "'") != text.npos || text.find("\"" + key + "\"") != text.npos ||
           text.find("settings." + key) != text.npos;
}

// The names that the profiles set in this table.
std::map<std::string, std::string> set_in(const std::string& table) {
    std::map<std::string, std::string> out;
    for (const auto& file : test::files_below({"sql/profiles"}, {".sql"})) {
        for (auto at = file.text.find("insert into " + table); at != file.text.npos;
            at = file.text.find("insert into " + table, at + 1)) {
            const auto text = file.text.substr(at, file.text.find(";\n", at) - at);
            for (const auto& [name, ignored] : matches(text, R"(\('([a-z_]+)', )")) out[name] = file.path;
        }
    }
    return out;
}

}  // namespace

TEST_CASE("each declared setting and feature flag is read by the file that its declaration names") {
    const auto all = settings();
    REQUIRE(all.size() > 25);
    REQUIRE(flags().size() == 6);
    for (const auto& declared : {all, flags()})
        for (const auto& [name, reader] : declared) {
            if (without_reader.contains(name))
                CHECK_MESSAGE(!reads(reader, name), name << " is read: remove it from without_reader");
            else
                CHECK_MESSAGE(reads(reader, name),
                    reader << " does not read " << name << ": name the file that does, or remove the declaration");
        }
    for (const auto& name : without_reader) CHECK_MESSAGE(all.contains(name), name);
}

TEST_CASE("a profile sets declared settings and feature flags only") {
    const auto declared = settings(), known_flags = flags();
    const auto given = set_in("profile_settings");
    REQUIRE(given.contains("reconnect_ms"));
    for (const auto& [name, path] : given)
        CHECK_MESSAGE(declared.contains(name),
            path << " sets " << name
                 << ", which nothing reads: remove the row, or declare the setting with its reader");
    for (const auto& [name, path] : set_in("profile_flags"))
        CHECK_MESSAGE(known_flags.contains(name), path << " sets the flag " << name << ", which nothing reads");
}

TEST_CASE("each setting and feature flag that code reads is declared") {
    const auto declared = settings(), known_flags = flags();
    names seen;
    for (const auto& file : test::files_below({"sql/functions", "sql/queries"}, {".sql"}))
        for (const auto& [name, ignored] : matches(file.text, R"(\bsetting(?:_int)?\('([a-z_]+)'\))")) {
            CHECK_MESSAGE(declared.contains(name), file.path << " reads " << name);
            seen.insert(name);
        }
    for (const auto& file : test::files_below({"gateway", "workers"}, {".cpp"})) {
        for (const auto* pattern :
            {R"re(rows(?:\(\))?->(?:number|boolean|text|lists)\("([a-z_]+)")re", R"re(\{"key", "([a-z_]+)"\})re"})
            for (const auto& [name, ignored] : matches(file.text, pattern)) {
                CHECK_MESSAGE(declared.contains(name), file.path << " reads " << name);
                seen.insert(name);
            }
        for (const auto& [name, ignored] : matches(file.text, R"re((?:is_on|check_flag)\([^";]*"([a-z_]+)")re"))
            CHECK_MESSAGE(known_flags.contains(name), file.path << " reads the flag " << name);
    }
    for (const auto* name : {"max_sessions", "access_token_seconds", "reply_cache_seconds"}) CHECK(seen.contains(name));
}

TEST_CASE("settings are read by setting(), not from their table") {
    const names allowed{"sql/functions/settings.sql", "sql/functions/admin.sql"};
    for (const auto& file : test::files_below({"sql/functions", "sql/queries"}, {".sql"}))
        CHECK_MESSAGE((allowed.contains(file.path) || file.text.find("system_settings") == file.text.npos), file.path);
}
