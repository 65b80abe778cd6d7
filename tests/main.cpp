// The main of every test program. Its last line on stdout is "N passed, N failed", counted over test cases.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "platform/base/log.hpp"

namespace {

struct totals {
    unsigned run = 0, failed = 0;
};
totals counted;

// doctest tells its numbers to listeners only.
struct counter : doctest::IReporter {
    explicit counter(const doctest::ContextOptions&) {}

    void test_run_end(const doctest::TestRunStats& all) override {
        counted = {all.numTestCasesPassingFilters, all.numTestCasesFailed};
    }
    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_case_start(const doctest::TestCaseData&) override {}
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_end(const doctest::CurrentTestCaseStats&) override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}
};

}  // namespace

REGISTER_LISTENER("counter", 1, counter);

int main(int count, char** words) {
    // What the tested code logs would drown what the tests say; those who test a log take the sink themselves.
    airi::log::send_to([](std::string_view) {});
    doctest::Context context(count, words);
    const int code = context.run();
    if (context.shouldExit() && counted.run == 0) return code;
    std::fflush(stdout);
    std::printf("%u passed, %u failed\n", counted.run - counted.failed, counted.failed);
    return code;
}
