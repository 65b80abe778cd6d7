#include "workers/runtime/program.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>

using namespace airi;
using namespace airi::workers;

namespace {

struct tailor_settings {
    std::int64_t yards = 3;
    secret thread;
    static constexpr auto settings = std::tuple{
        setting{"PROGRAM_TEST_YARDS", &tailor_settings::yards, "Yards of cloth.", {.min = 1}},
        setting{"PROGRAM_TEST_THREAD", &tailor_settings::thread, "The thread.", {.required = true}},
    };
};

awaitable<> nothing() { co_return; }
task tailor(worker_host&, const tailor_settings&) { return nothing; }
task baker(worker_host&) { return nothing; }

constexpr worker_module tailor_module = module_of<tailor>("tailor"), baker_module = module_of<baker>("baker");
constexpr const worker_module* all[]{&tailor_module, &baker_module};

std::vector<std::string_view> chosen(std::string_view names) {
    std::vector<std::string_view> out;
    const auto made = choose(names, all);
    CHECK(made.mistake == "");
    for (const auto* module : made.modules) out.push_back(module->name);
    return out;
}

std::vector<std::string_view> names_of(const std::vector<setting_help>& settings) {
    std::vector<std::string_view> out;
    for (const auto& one : settings) out.push_back(one.name);
    return out;
}

int run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "airi-worker");
    return run_program(static_cast<int>(arguments.size()), arguments.data(), all);
}

}  // namespace

TEST_CASE("airi-worker runs the workers that its first argument names, in that order") {
    CHECK(chosen("baker") == std::vector<std::string_view>{"baker"});
    CHECK(chosen("baker,tailor") == std::vector<std::string_view>{"baker", "tailor"});
}

TEST_CASE("an unknown worker is refused by name, with the names of all") {
    CHECK(choose("butcher", all).mistake == "no worker is named \"butcher\"; the workers are: tailor baker");
    CHECK(choose("baker,", all).mistake == "no worker is named \"\"; the workers are: tailor baker");
    CHECK(choose("", all).mistake == "no worker is named \"\"; the workers are: tailor baker");
    CHECK(choose("baker,bake", all).mistake == "no worker is named \"bake\"; the workers are: tailor baker");
    CHECK(choose("baker,baker", all).mistake == "baker is named twice");
    CHECK(choose("baker,butcher", all).modules.empty());
}

TEST_CASE("a process has the settings of its workers, and no others") {
    const auto shared = names_of(settings_help<worker_settings>());
    const auto alone = names_of(settings_of(choose("baker", all).modules));
    CHECK(alone == shared);
    auto both = shared;
    both.insert(both.end(), {"PROGRAM_TEST_YARDS", "PROGRAM_TEST_THREAD"});
    CHECK(names_of(settings_of(choose("baker,tailor", all).modules)) == both);
}

TEST_CASE("airi-worker ends with status 2 for wrong names, arguments and settings") {
    CHECK(run({}) == 2);
    CHECK(run({"butcher"}) == 2);
    CHECK(run({"butcher", "--help"}) == 2);
    CHECK(run({"baker", "--chekc"}) == 2);
    CHECK(run({"baker", "--check"}) == 2);  // DATABASE_URL is missing
    CHECK(run({"--help"}) == 0);
    CHECK(run({"tailor", "--help"}) == 0);
    setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", 1);
    CHECK(run({"baker", "--check"}) == 0);
    CHECK(run({"baker,tailor", "--check"}) == 2);  // PROGRAM_TEST_THREAD is missing
    setenv("PROGRAM_TEST_THREAD", "red", 1);
    CHECK(run({"baker,tailor", "--check"}) == 0);
    unsetenv("PROGRAM_TEST_THREAD");
    unsetenv("DATABASE_URL");
}

TEST_CASE("airi-worker ends with status 2 when another program has its port") {
    boost::asio::io_context io;
    const boost::asio::ip::tcp::acceptor other(io, {boost::asio::ip::address_v4::loopback(), 0});
    setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", 1);
    setenv("ADMIN_PORT", std::to_string(other.local_endpoint().port()).c_str(), 1);
    CHECK(run({"baker"}) == 2);
    unsetenv("ADMIN_PORT");
    unsetenv("DATABASE_URL");
}
