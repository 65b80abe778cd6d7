// The rights of the gateway and the workers at Redis (deploy/lib/redis.sh) beside the commands in their sources:
// neither lacks one, nor has one that nothing uses.
#include <doctest/doctest.h>

#include <regex>
#include <set>

#include "platform/base/ascii.hpp"
#include "tests/support/cpp/source_tree.hpp"

using namespace airi;
using words = std::set<std::string>;

namespace {

// What platform/redis sends for every client: the greeting, the probe, scripts, subscriptions, and the eraser's
// command.
const words of_every_client{"ping", "select", "publish", "subscribe", "unsubscribe", "eval", "evalsha", "unlink"};

void add_matches(const std::string& text, const char* pattern, words& to) {
    const std::regex expression(pattern);
    for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
        to.insert(lowered((*at)[1].str()));
}

words commands_in(std::initializer_list<std::string_view> folders) {
    words out = of_every_client;
    for (const auto& file : test::files_below(folders, {".cpp", ".hpp"})) {
        add_matches(file.text, R"(redis\.p?call\('([A-Z]+)')", out);
        add_matches(file.text, R"(std::vector<std::string> \w+\{\s*"([A-Z]{3,})\")", out);
        add_matches(file.text, R"(\.command\(\{\s*"([A-Z]{3,})\")", out);
    }
    return out;
}

// Of a user, what the pattern finds in its line.
words granted_to(const std::string& user, const char* pattern) {
    const auto text = test::read_text(test::source_root() / "deploy/lib/redis.sh");
    const auto begin = text.find("redis_user " + user + " ");
    REQUIRE(begin != std::string::npos);
    auto end = text.find('\n', begin);
    while (text[end - 1] == '\\') end = text.find('\n', end + 1);
    words out;
    add_matches(text.substr(begin, end - begin), pattern, out);
    return out;
}

words commands_of(const std::string& user) { return granted_to(user, R"( \+([a-z]+))"); }

// The channels that the sources name, those with an id as "user:*".
words channels_in(std::initializer_list<std::string_view> folders) {
    words out, families;
    for (const auto& file : test::files_below(folders, {".cpp", ".hpp"})) {
        add_matches(file.text, R"(_channel = \"([a-z_]+)\")", out);
        add_matches(file.text, R"(channel_of\([^)]*\) \{ return \"([a-z]+):\")", families);
    }
    for (const auto& family : families) out.insert(family + ":*");
    return out;
}

}  // namespace

TEST_CASE("the gateway's rights at Redis are the commands that it uses") {
    CHECK(commands_of("gateway") == commands_in({"gateway"}));
}

TEST_CASE("the workers' rights at Redis are the commands that they use") {
    CHECK(commands_of("worker") == commands_in({"workers"}));
}

TEST_CASE("gateway and workers may use every channel that both sides know, and the gateway its own") {
    const auto shared = channels_in({"events"});
    CHECK(shared.size() >= 7);
    for (const auto* user : {"gateway", "worker"}) {
        const auto granted = granted_to(user, R"('&([a-z_:.*]+)')");
        for (const auto& channel : shared) CHECK_MESSAGE(granted.contains(channel), user << " lacks " << channel);
    }
    const auto granted = granted_to("gateway", R"('&([a-z_:.*]+)')");
    for (const auto& channel : channels_in({"gateway"})) CHECK_MESSAGE(granted.contains(channel), channel);
}
