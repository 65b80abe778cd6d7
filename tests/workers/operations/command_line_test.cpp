#include "workers/operations/command_line.hpp"

#include <doctest/doctest.h>

using namespace airi;
using namespace airi::workers::operations;

namespace {

const instant present = parse_instant("2026-11-27T12:00:00Z").value();

command_line read(const std::vector<std::string>& arguments) { return read_command_line(arguments, present); }

}  // namespace

TEST_CASE("airi-ctl reads a replay with its range, filters and pace") {
    const auto got = read({"replay", "--topic", "a.v1", "--from", "2h", "--to", "2026-11-27T11:30:00Z", "--key", "k",
        "--type", "t", "--where", "/a=1", "--where", "/b=2", "--into", "b.v1", "--rate", "0.5", "--state", "file",
        "--for-group", "usage"});
    CHECK(got.mistake == "");
    CHECK(got.command == command::replay);
    CHECK(got.topic == "a.v1");
    CHECK(got.order.range.from == present - std::chrono::hours{2});
    CHECK(got.order.range.to == present - std::chrono::minutes{30});
    CHECK(got.order.filter.key == "k");
    CHECK(got.order.filter.where.size() == 2);
    CHECK(got.order.into == "b.v1");
    CHECK(got.order.rate == 0.5);
    CHECK(got.order.for_group == "usage");
    CHECK(got.state_file == "file");
    CHECK_FALSE(got.order.dry_run);
    CHECK(read({"replay", "--topic", "a", "--dry-run", "--from", "beginning"}).order.dry_run);
}

TEST_CASE("AIRI-52: airi-ctl reads the replay of a session of a game") {
    const auto got =
        read({"replay", "session", "0193B0A1-0000-7000-8000-000000000001", "--from-archive", "--as", "ada"});
    CHECK(got.mistake == "");
    CHECK(got.command == command::replay_session);
    CHECK(got.order.range.topic == "gaming.changed.v1");
    CHECK(got.order.filter.key == "0193b0a1-0000-7000-8000-000000000001");
    CHECK(got.from_archive);
    CHECK(read({"replay", "session"}).mistake == "\"\" is no id of a session");
    CHECK(read({"replay", "session", "--from-archive"}).mistake == "\"--from-archive\" is no id of a session");
    CHECK(read({"replay", "session", "0193b0a1-0000-7000-8000-000000000001", "--rate", "1"}).mistake ==
          "no option is named \"--rate\" here");
}

TEST_CASE("airi-ctl reads the commands of the archive") {
    CHECK(read({"archive", "run"}).command == command::archive_run);
    CHECK(read({"archive", "list"}).mistake == "");
    const auto verified = read({"archive", "verify", "--topic", "a.v1"});
    CHECK(verified.command == command::archive_verify);
    CHECK(verified.topic == "a.v1");
    CHECK(read({"archive", "reseal"}).command == command::archive_reseal);
    CHECK(read({"archive", "run", "--from", "2h"}).mistake == "no option is named \"--from\" here");
    CHECK(read({"archive", "drop"}).mistake == "no command is named \"archive drop\"");
    CHECK(read({"replay", "--topic", "a.v1", "--from-archive"}).from_archive);
    CHECK_FALSE(read({"replay", "--topic", "a.v1"}).from_archive);
    CHECK(read({"dlq", "retry", "--topic", "a.v1", "--from-archive"}).mistake != "");
}

TEST_CASE("airi-ctl reads the commands of dead letters") {
    CHECK(read({"dlq", "list"}).command == command::list_dead_letters);
    const auto shown = read({"dlq", "show", "--group", "chat", "--error", "no JSON", "--limit", "3"});
    CHECK(shown.mistake == "");
    CHECK(shown.limit == 3);
    CHECK(shown.order.filter.group == "chat");
    const auto retried = read({"dlq", "retry", "--topic", "chat.requested.v1"});
    CHECK(retried.mistake == "");
    CHECK(retried.command == command::retry_dead_letters);
    CHECK(retried.order.range.topic == "chat.requested.v1-dlt");
    CHECK(retried.order.decided == decision::waiting);
    CHECK(retried.order.decides == decision::retried);
    const auto dropped = read({"dlq", "drop", "--topic", "chat.requested.v1-dlt", "--decided", "parked"});
    CHECK(dropped.mistake == "");
    CHECK(dropped.order.range.topic == "chat.requested.v1-dlt");
    CHECK(dropped.order.decided == decision::parked);
    CHECK(dropped.order.decides == decision::dropped);
    CHECK(read({"dlq", "park", "--topic", "chat.requested.v1", "--dry-run"}).order.decides == decision::parked);
    CHECK(read({"dlq", "park", "--topic", "a.v1"}).mistake == "no topic with dead letters is named \"a.v1\"");
    CHECK(read({"dlq", "show", "--decided", "lost"}).mistake ==
          "\"lost\" is no decision: waiting, retried, parked or dropped");
    CHECK_FALSE(read({"replay", "--topic", "a.v1"}).order.decided.has_value());
    for (const auto& none : {std::vector<std::string>{}, {"help"}, {"--help"}})
        CHECK(read(none).command == command::help);
}

TEST_CASE("airi-ctl reads the commands of topics") {
    CHECK(read({"topics", "list"}).command == command::list_topics);
    const auto grown = read({"topics", "grow", "--topic", "a.v1", "--partitions", "24", "--dry-run"});
    CHECK(grown.mistake == "");
    CHECK(grown.command == command::grow_topic);
    CHECK(grown.partitions == 24);
    CHECK(grown.order.dry_run);
    CHECK(read({"topics", "grow", "--topic", "a.v1"}).mistake == "--partitions is missing");
    CHECK(read({"topics", "grow", "--partitions", "3"}).mistake == "--topic is missing");
    for (const auto* none : {"0", "-1", "2.5", "many", "1e9"})
        CHECK(read({"topics", "grow", "--topic", "a", "--partitions", none}).mistake ==
              "\"" + std::string(none) + "\" is no number of partitions");
}

TEST_CASE("airi-ctl reads the commands of consumer groups") {
    CHECK(read({"groups", "list"}).command == command::list_groups);
    CHECK(read({"groups", "list", "--group", "chat"}).order.filter.group == "chat");
    const auto moved = read({"groups", "move", "--group", "chat", "--topic", "a.v1", "--to", "1h", "--dry-run"});
    CHECK(moved.mistake == "");
    CHECK(moved.command == command::move_group);
    CHECK(moved.at == present - std::chrono::hours{1});
    CHECK(moved.order.dry_run);
    const auto place = [](const std::string& to) {
        return read({"groups", "move", "--group", "g", "--topic", "a", "--to", to});
    };
    CHECK(place("end").at == present);
    CHECK(place("beginning").mistake == "");
    CHECK_FALSE(place("beginning").at.has_value());
    CHECK(place("soon").mistake == "\"soon\" is no place: beginning, end, RFC 3339, or 90s, 30m, 2h, 7d ago");
}

TEST_CASE("airi-ctl reads a shadow, which sends nothing") {
    CHECK(read({"replay", "--topic", "chat.requested.v1", "--into", "shadow", "--from", "7d"}).mistake == "");
    const std::string mistake = "--into shadow sends nothing, so it has no --dry-run, --for-group, --rate and --state";
    for (const std::vector<std::string>& more :
        {std::vector<std::string>{"--dry-run"}, {"--for-group", "chat"}, {"--rate", "5"}, {"--state", "file"}}) {
        std::vector<std::string> words{"replay", "--topic", "chat.requested.v1", "--into", "shadow"};
        words.insert(words.end(), more.begin(), more.end());
        CHECK(read(words).mistake == mistake);
    }
}

TEST_CASE("airi-ctl reads which lost table is built again, and chooses its records itself") {
    const auto got = read({"replay", "--reprocess", "usage_log", "--from-archive"});
    CHECK(got.mistake == "");
    CHECK(got.order.range.topic == "usage.recorded.v1");
    CHECK(got.order.for_group == "usage");
    CHECK(read({"replay", "--reprocess", "usage_daily"}).mistake == "");
    CHECK(read({"replay", "--reprocess", "users"}).mistake ==
          "the table \"users\" does not follow from events alone; these do: usage_log, usage_daily");
    CHECK(read({"replay", "--reprocess", "usage_log", "--from", "2h"}).mistake ==
          "--reprocess chooses the topic, its records and the group itself");
}

TEST_CASE("airi-ctl names what is wrong on its command line") {
    const auto mistake = [](const std::vector<std::string>& arguments) { return read(arguments).mistake; };
    CHECK(mistake({"reply"}) == "no command is named \"reply\"");
    CHECK(mistake({"dlq", "drop"}) == "--topic is missing");
    CHECK(mistake({"replay"}) == "--topic is missing");
    CHECK(mistake({"groups"}) == "no command is named \"groups \"");
    CHECK(mistake({"groups", "move", "--topic", "a", "--to", "end"}) == "--group is missing");
    CHECK(mistake({"groups", "move", "--topic", "a", "--group", "g"}) == "--to is missing");
    CHECK(mistake({"dlq", "retry"}) == "--topic is missing");
    CHECK(mistake({"replay", "--topic"}) == "--topic needs a value");
    CHECK(mistake({"replay", "--topic", "a", "--group", "g"}) == "no option is named \"--group\" here");
    CHECK(mistake({"dlq", "list", "--dry-run"}) == "no option is named \"--dry-run\" here");
    CHECK(mistake({"replay", "--topic", "a", "--rate", "0"}) == "\"0\" is no number of records a second");
    CHECK(mistake({"replay", "--topic", "a", "--where", "a=1"}) == "\"a=1\" is no condition: /json/pointer=value");
    CHECK(mistake({"replay", "--topic", "a", "--from", "soon"}) ==
          "\"soon\" is no time: RFC 3339, or 90s, 30m, 2h, 7d ago");
    CHECK(mistake({"replay", "--topic", "a", "--from", "1h", "--to", "2h"}) == "--from must be before --to");
    CHECK(mistake({"replay", "--topic", "a", "--dry-run", "--state", "f"}) ==
          "--dry-run sends nothing, so it has no --state");
}

TEST_CASE("a time is RFC 3339 or so long ago") {
    CHECK(read_time("90s", present) == present - seconds{90});
    CHECK(read_time("1.5d", present) == present - std::chrono::hours{36});
    for (const auto* bad : {"", "s", "-1h", "1w", "1e9d", "nand", "infh"})
        CHECK_FALSE_MESSAGE(read_time(bad, present), bad);
}
