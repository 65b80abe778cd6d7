// Each fuzz target runs over its corpus, so that all of them compile and an input that found a fault stays found. A
// target ends the process when its input breaks a rule.
#include <doctest/doctest.h>

#include <cstdint>
#include <set>

#include "tests/support/cpp/captured_log.hpp"
#include "tests/support/cpp/source_tree.hpp"

// tests/CMakeLists.txt renames the entry of each target.
extern "C" {
int frame_fuzz(const std::uint8_t*, std::size_t);
int http_request_fuzz(const std::uint8_t*, std::size_t);
int json_fuzz(const std::uint8_t*, std::size_t);
int ndjson_fuzz(const std::uint8_t*, std::size_t);
int redis_fuzz(const std::uint8_t*, std::size_t);
int socket_session_fuzz(const std::uint8_t*, std::size_t);
int sse_fuzz(const std::uint8_t*, std::size_t);
int text_fuzz(const std::uint8_t*, std::size_t);
int value_fuzz(const std::uint8_t*, std::size_t);
}

namespace {

namespace fs = std::filesystem;

struct target {
    std::string name;
    int (*run)(const std::uint8_t*, std::size_t);
};

const target targets[]{{"frame", frame_fuzz}, {"http_request", http_request_fuzz}, {"json", json_fuzz},
    {"ndjson", ndjson_fuzz}, {"redis", redis_fuzz}, {"socket_session", socket_session_fuzz}, {"sse", sse_fuzz},
    {"text", text_fuzz}, {"value", value_fuzz}};

fs::path folder() { return airi::test::source_root() / "tests/fuzz"; }

}  // namespace

TEST_CASE("every input of a corpus keeps the rules of its fuzz target") {
    const airi::test::captured_log log;
    for (const auto& target : targets) {
        int inputs = 0;
        for (const auto& file : fs::directory_iterator(folder() / "corpus" / target.name)) {
            INFO(file.path());
            const auto bytes = airi::test::read_text(file.path());
            CHECK(target.run(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()) == 0);
            ++inputs;
        }
        CHECK_MESSAGE(inputs > 0, target.name);
    }
}

TEST_CASE("every fuzz target is listed") {
    std::set<std::string> listed, there;
    for (const auto& target : targets) listed.insert(target.name + "_fuzz.cpp");
    for (const auto& file : fs::directory_iterator(folder()))
        if (const auto name = file.path().filename().string(); name.ends_with("_fuzz.cpp")) there.insert(name);
    CHECK(listed == there);
}
