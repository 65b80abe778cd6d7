#include "workers/operations/audit_entry.hpp"

#include <doctest/doctest.h>

using namespace airi;
using namespace airi::workers::operations;

namespace {

command_line read(const std::vector<std::string>& arguments) {
    auto out = read_command_line(arguments, parse_instant("2026-11-27T12:00:00Z").value());
    CHECK(out.mistake == "");
    return out;
}

}  // namespace

TEST_CASE("the audit log has each command that changes something, and no other") {
    for (const std::vector<std::string>& words :
        {std::vector<std::string>{"replay", "--topic", "a"}, {"replay", "--reprocess", "usage_log"},
            {"dlq", "retry", "--topic", "chat.requested.v1"}, {"dlq", "park", "--topic", "chat.requested.v1"},
            {"dlq", "drop", "--topic", "chat.requested.v1"}, {"archive", "run"}, {"archive", "reseal"},
            {"settle", "--from", "2h"}, {"groups", "move", "--group", "g", "--topic", "a", "--to", "end"},
            {"topics", "grow", "--topic", "a", "--partitions", "3"}})
        CHECK_MESSAGE(is_audited(read(words)), words[0]);
    for (const std::vector<std::string>& words : {std::vector<std::string>{"replay", "--topic", "a", "--dry-run"},
             {"dlq", "list"}, {"dlq", "show"}, {"replay", "--topic", "chat.requested.v1", "--into", "shadow"},
             {"groups", "list"}, {"topics", "list"}, {"archive", "list"}, {"archive", "verify"},
             {"groups", "move", "--group", "g", "--topic", "a", "--to", "end", "--dry-run"}})
        CHECK_MESSAGE(!is_audited(read(words)), words[0]);
}

TEST_CASE("an entry of the audit log has the options, and nothing that a record has") {
    const auto asked = read({"replay", "--topic", "a.v1", "--key", "private", "--where", "/a=private", "--from", "2h",
        "--for-group", "usage", "--as", "ada"});
    CHECK(audit_action(asked.command) == "ctl.replay");
    CHECK(audit_subject(asked) == "a.v1");
    CHECK(audit_details(asked).text() ==
          R"({"for_group":"usage","from":")" + to_text(*asked.order.range.from) + R"(","filtered":true})");
    CHECK(audit_subject(read({"replay", "--reprocess", "usage_log"})) == "usage_log");
    CHECK(audit_subject(read({"archive", "run"})) == "");
}
