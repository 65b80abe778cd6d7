// The rate groups of the profiles and those that routes name: a group that no route uses limits nothing, and a route
// whose group has no limit is not limited by it.
#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>

#include "gateway/routes/tables.hpp"
#include "tests/support/cpp/source_tree.hpp"

using namespace airi;

namespace {

using names = std::set<std::string, std::less<>>;

// Groups whose routes are still to come, with what they belong to. A group leaves this list with its first route.
const std::map<std::string, std::string_view> owed{
    {"analytics", "How-to-AI's page views"},
    {"contact", "Statex's contact form"},
    {"forum", "How-to-AI's posts and comments"},
    {"voice", "speech"},
};

// The groups that the dispatcher counts by itself: all requests of a user, those of an address, and a message.
const names of_the_dispatcher{"api", "anonymous", "chat"};

// Never limited, on purpose: people in need are never rejected, and a provider's webhooks come in bursts.
const names unlimited{"crisis", "webhooks"};

/// Of a profile's file: "<group>/<scope>" of each of its limits for every plan, and of all its limits. A row without a
/// maximum limits nothing.
struct limits {
    names for_every_plan, all;
};

limits limits_of(const test::source_file& file) {
    limits out;
    const std::regex row(R"(\('([a-z_]+)', '([a-z_*]+)', '(user|ip)', (-?\d+), \d+\))");
    for (auto at = file.text.find("insert into profile_rates"); at != file.text.npos;
        at = file.text.find("insert into profile_rates", at + 1)) {
        const auto block = file.text.substr(at, file.text.find(';', at) - at);
        for (std::sregex_iterator each(block.begin(), block.end(), row), end; each != end; ++each) {
            const auto key = (*each)[1].str() + "/" + (*each)[3].str();
            out.all.insert(key);
            const bool limits_something = (*each)[4].str().front() != '-' || unlimited.contains((*each)[1].str());
            if ((*each)[2] == "*" && limits_something) out.for_every_plan.insert(key);
        }
    }
    return out;
}

std::string group_of(std::string_view key) { return std::string(key.substr(0, key.find('/'))); }

/// "<group>/<scope>" of every route: who sends a request is known on all routes but those for anyone. A password of a
/// signed-in caller is counted by address too, see gateway/auth/passwords.cpp.
std::map<std::string, std::string> used_by_routes() {
    std::map<std::string, std::string> out;
    for (const auto& table : gateway::routes::tables())
        for (const auto& route : table) {
            if (route.rate_group.empty()) continue;
            const auto* scope = route.access == gateway::access::anyone ? "/ip" : "/user";
            out[std::string(route.rate_group) + scope] = route.path;
            if (route.proves) out[std::string(route.rate_group) + "/ip"] = route.path;
        }
    return out;
}

}  // namespace

TEST_CASE("SAAS-10: every rate group of a profile limits a route") {
    const auto used = used_by_routes();
    names groups;
    for (const auto& [key, path] : used) groups.insert(group_of(key));
    const auto profiles = test::files_below({"sql/profiles"}, {".sql"});
    REQUIRE(profiles.size() == 8);  // base, five products, the help lines, the notices
    names found;
    for (const auto& file : profiles)
        for (const auto& key : limits_of(file).all) {
            const auto group = group_of(key);
            found.insert(group);
            CHECK_MESSAGE((of_the_dispatcher.contains(group) || groups.contains(group) || owed.contains(group)),
                file.path
                    << " limits the group " << group
                    << ", which no route has as its rate_group: name it in a row of gateway/routes, or remove it");
        }
    REQUIRE(found.size() >= 10);
    for (const auto& [group, subject] : owed) {
        CHECK_MESSAGE(!groups.contains(group), "a route uses the group "
                                                   << group << " now (" << subject
                                                   << "): remove it from the list of tests/sql/rate_groups_test.cpp");
        CHECK_MESSAGE(found.contains(group), "no profile has the group " << group << ": remove it from the list");
    }
}

TEST_CASE("SAAS-10: the group of every route is limited in each product, for those who can call the route") {
    const auto profiles = test::files_below({"sql/profiles"}, {".sql"});
    const auto base =
        std::find_if(profiles.begin(), profiles.end(), [](const auto& file) { return file.ends_with("/base.sql"); });
    REQUIRE(base != profiles.end());
    const auto shared = limits_of(*base).for_every_plan;
    REQUIRE(shared.contains("auth/ip"));
    for (const auto& file : profiles) {
        if (file.path == base->path) continue;
        const auto own = limits_of(file).for_every_plan;
        for (const auto& [key, path] : used_by_routes())
            CHECK_MESSAGE((shared.contains(key) || own.contains(key)), path << " is in the group " << key
                                                                            << ", which neither base.sql nor "
                                                                            << file.path << " limits for every plan");
    }
}
