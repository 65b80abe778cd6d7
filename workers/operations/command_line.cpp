#include "workers/operations/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "events/gaming.hpp"
#include "workers/operations/dead_letters.hpp"
#include "workers/operations/reprocess.hpp"
#include "workers/operations/shadow.hpp"

namespace airi::workers::operations {
namespace {

std::optional<double> positive(std::string_view text) {
    double out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (failed != std::errc{} || end != text.data() + text.size() || !std::isfinite(out) || out <= 0)
        return std::nullopt;
    return out;
}

// Stores an option's value; returns the mistake in it, or nothing.
using option_reader = std::string (*)(command_line&, const std::string& value, instant at);

// `Place`: the member that gets the value.
template <auto Place>
std::string read_text(command_line& to, const std::string& value, instant) {
    Place(to) = value;
    return {};
}

template <auto Place>
std::string read_moment(command_line& to, const std::string& value, instant at) {
    const auto moment = read_time(value, at);
    if (!moment) return fmt::format("\"{}\" is no time: RFC 3339, or 90s, 30m, 2h, 7d ago", value);
    Place(to) = *moment;
    return {};
}

std::string read_from(command_line& to, const std::string& value, instant at) {
    if (value == "beginning") return {};
    return read_moment<[](command_line& c) -> auto& { return c.order.range.from; }>(to, value, at);
}

std::string read_where(command_line& to, const std::string& value, instant) {
    auto condition = read_condition(value);
    if (!condition) return fmt::format("\"{}\" is no condition: /json/pointer=value", value);
    to.order.filter.where.push_back(std::move(*condition));
    return {};
}

std::string read_decided(command_line& to, const std::string& value, instant) {
    to.order.decided = read_decision(value);
    if (to.order.decided) return {};
    return fmt::format("\"{}\" is no decision: waiting, retried, parked or dropped", value);
}

std::string read_limit(command_line& to, const std::string& value, instant) {
    const auto limit = positive(value);
    if (!limit) return fmt::format("\"{}\" is no number of records", value);
    to.limit = std::llround(*limit);
    return {};
}

std::string read_partitions(command_line& to, const std::string& value, instant) {
    const auto count = positive(value);
    if (!count || *count != std::floor(*count) || *count > 10'000)
        return fmt::format("\"{}\" is no number of partitions", value);
    to.partitions = static_cast<int>(*count);
    return {};
}

std::string read_rate(command_line& to, const std::string& value, instant) {
    const auto rate = positive(value);
    if (!rate) return fmt::format("\"{}\" is no number of records a second", value);
    to.order.rate = *rate;
    return {};
}

std::string read_place_option(command_line& to, const std::string& value, instant at) {
    if (read_place(to, value, at)) return {};
    return fmt::format("\"{}\" is no place: beginning, end, RFC 3339, or 90s, 30m, 2h, 7d ago", value);
}

struct option {
    std::string_view name;
    // Their letters: r, l, s, y (retry), p (park), d (drop), g (groups), m (move), t (topics), w (grow), a (archive), e
    // (replay session), f (settle).
    std::string_view commands;
    option_reader read;                    // of a value
    void (*set)(command_line&) = nullptr;  // of an option without one
};

constexpr std::array options{
    option{"--topic", "rlsypdmwa", read_text<[](command_line& c) -> auto& { return c.topic; }>},
    option{"--from", "rlsypdf", read_from},
    option{"--to", "m", read_place_option},
    option{"--to", "rlsypd", read_moment<[](command_line& c) -> auto& { return c.order.range.to; }>},
    option{"--key", "rlsypd", read_text<[](command_line& c) -> auto& { return c.order.filter.key; }>},
    option{"--type", "rlsypd", read_text<[](command_line& c) -> auto& { return c.order.filter.type; }>},
    option{"--where", "rlsypd", read_where},
    option{"--group", "lsypdgm", read_text<[](command_line& c) -> auto& { return c.order.filter.group; }>},
    option{"--error", "lsypd", read_text<[](command_line& c) -> auto& { return c.order.filter.error; }>},
    option{"--decided", "sypd", read_decided},
    option{"--limit", "s", read_limit},
    option{"--into", "r", read_text<[](command_line& c) -> auto& { return c.order.into; }>},
    option{"--for-group", "ry", read_text<[](command_line& c) -> auto& { return c.order.for_group; }>},
    option{"--rate", "ry", read_rate},
    option{"--state", "ry", read_text<[](command_line& c) -> auto& { return c.state_file; }>},
    option{"--partitions", "w", read_partitions},
    option{"--reprocess", "r", read_text<[](command_line& c) -> auto& { return c.reprocess; }>},
    option{"--as", "rypdmwaef", read_text<[](command_line& c) -> auto& { return c.as; }>},
    option{"--from-archive", "re", nullptr, [](command_line& c) { c.from_archive = true; }},
    option{"--dry-run", "rypdmw", nullptr, [](command_line& c) { c.order.dry_run = true; }},
};

struct named_command {
    std::string_view first, second;
    command is;
    char letter;
};
constexpr std::array commands{
    named_command{"replay", "session", command::replay_session, 'e'},
    named_command{"replay", "", command::replay, 'r'},
    named_command{"dlq", "list", command::list_dead_letters, 'l'},
    named_command{"dlq", "show", command::show_dead_letters, 's'},
    named_command{"dlq", "retry", command::retry_dead_letters, 'y'},
    named_command{"dlq", "park", command::park_dead_letters, 'p'},
    named_command{"dlq", "drop", command::drop_dead_letters, 'd'},
    named_command{"groups", "list", command::list_groups, 'g'},
    named_command{"groups", "move", command::move_group, 'm'},
    named_command{"topics", "list", command::list_topics, 't'},
    named_command{"topics", "grow", command::grow_topic, 'w'},
    named_command{"archive", "run", command::archive_run, 'a'},
    named_command{"archive", "list", command::archive_list, 'a'},
    named_command{"archive", "verify", command::archive_verify, 'a'},
    named_command{"archive", "reseal", command::archive_reseal, 'a'},
    named_command{"settle", "", command::settle, 'f'},
};

std::string read_options(
    command_line& to, const std::vector<std::string>& all, std::size_t next, char letter, instant at) {
    for (; next < all.size(); ++next) {
        const auto* found = std::find_if(options.begin(), options.end(), [&](const option& one) {
            return one.name == all[next] && one.commands.find(letter) != std::string_view::npos;
        });
        if (found == options.end()) return fmt::format("no option is named \"{}\" here", all[next]);
        if (found->set) {
            found->set(to);
            continue;
        }
        if (++next == all.size() || all[next].empty()) return fmt::format("{} needs a value", found->name);
        if (auto mistake = found->read(to, all[next], at); !mistake.empty()) return mistake;
    }
    return {};
}

// A lost table is built again from all records of its topic.
std::string reprocess_mistake_in(const command_line& read) {
    const auto& order = read.order;
    if (auto mistake = reprocess_mistake(read.reprocess); !mistake.empty()) return mistake;
    const bool chooses = read.topic || order.range.from || order.range.to || order.filter.key || order.filter.type ||
                         !order.filter.where.empty() || !order.into.empty() || !order.for_group.empty();
    if (chooses) return "--reprocess chooses the topic, its records and the group itself";
    if (read.from_archive && find_rebuilt_table(read.reprocess)->topic.empty())
        return fmt::format("{} does not follow from records, so it has no --from-archive", read.reprocess);
    return {};
}

std::string read_session(command_line& to, const std::string& id) {
    const auto session = gaming_session_id::parse(id);
    if (!session) return fmt::format("\"{}\" is no id of a session", id);
    to.topic = events::gaming_changed::topic;
    to.order.filter.key = session->text();
    return {};
}

std::string mistake_in(const command_line& read) {
    const auto& range = read.order.range;
    if (range.from && range.to && *range.from >= *range.to) return "--from must be before --to";
    const bool moves = read.command == command::move_group;
    constexpr std::array without_topic{command::list_dead_letters, command::show_dead_letters, command::list_groups,
        command::list_topics, command::archive_run, command::archive_list, command::archive_verify,
        command::archive_reseal, command::settle, command::help};
    const bool needs_topic = std::ranges::find(without_topic, read.command) == without_topic.end();
    if (!read.reprocess.empty())
        if (auto mistake = reprocess_mistake_in(read); !mistake.empty()) return mistake;
    if (needs_topic && !read.topic && read.reprocess.empty()) return "--topic is missing";
    if (moves && !read.order.filter.group) return "--group is missing";
    if (moves && !read.has_place) return "--to is missing";
    if (read.command == command::settle && !range.from) return "--from is missing";
    if (read.command == command::grow_topic && read.partitions == 0) return "--partitions is missing";
    const bool in_shadow = read.command == command::replay && read.order.into == shadow_target;
    const bool has_pace = read.order.dry_run || !read.order.for_group.empty() || read.order.rate > 0;
    if (in_shadow && (has_pace || !read.state_file.empty()))
        return "--into shadow sends nothing, so it has no --dry-run, --for-group, --rate and --state";
    if (read.order.dry_run && !read.state_file.empty()) return "--dry-run sends nothing, so it has no --state";
    return {};
}

}  // namespace

std::optional<command> read_command(std::string_view operation) {
    constexpr std::array<std::pair<std::string_view, command>, 8> operations{{
        {"replay", command::replay},
        {"list_dead_letters", command::list_dead_letters},
        {"show_dead_letters", command::show_dead_letters},
        {"retry_dead_letters", command::retry_dead_letters},
        {"park_dead_letters", command::park_dead_letters},
        {"drop_dead_letters", command::drop_dead_letters},
        {"list_groups", command::list_groups},
        {"move_group", command::move_group},
    }};
    for (const auto& [name, is] : operations)
        if (name == operation) return is;
    return std::nullopt;
}

std::optional<decision> decides(command which) {
    if (which == command::retry_dead_letters) return decision::retried;
    if (which == command::park_dead_letters) return decision::parked;
    if (which == command::drop_dead_letters) return decision::dropped;
    return std::nullopt;
}

// "end" is the present: the group will read records that are appended while the command runs.
bool read_place(command_line& to, std::string_view place, instant at) {
    to.has_place = true;
    if (place == "beginning") return true;
    to.at = place == "end" ? at : read_time(place, at);
    return to.at.has_value();
}

std::string complete(command_line& read) {
    if (auto mistake = mistake_in(read); !mistake.empty()) return mistake;
    auto& topic = read.order.range.topic;
    topic = read.topic.value_or("");
    if (const auto* table = read.reprocess.empty() ? nullptr : find_rebuilt_table(read.reprocess)) {
        topic = table->topic;
        read.order.for_group = table->group;
    }
    const bool of_letters =
        read.order.decides || read.command == command::list_dead_letters || read.command == command::show_dead_letters;
    if (!of_letters || !read.topic) return {};
    const auto topics = dead_letter_topics(read.topic);
    if (topics.empty()) return fmt::format("no topic with dead letters is named \"{}\"", *read.topic);
    topic = topics.front();
    return {};
}

std::optional<instant> read_time(std::string_view text, instant at) {
    if (const auto exact = parse_instant(text)) return exact;
    if (text.size() < 2) return std::nullopt;
    const auto count = positive(text.substr(0, text.size() - 1));
    const auto unit = std::string_view("smhd").find(text.back());
    constexpr std::array units{1, 60, 3600, 86'400};
    if (!count || unit == std::string_view::npos || *count > 1e6) return std::nullopt;
    return at - seconds(std::llround(*count * units[unit]));
}

command_line read_command_line(const std::vector<std::string>& arguments, instant at) {
    command_line out;
    const auto word = [&](std::size_t i) { return i < arguments.size() ? arguments[i] : std::string(); };
    if (arguments.empty() || word(0) == "help" || word(0) == "--help" || word(0) == "-h") return out;
    for (const auto& one : commands) {
        if (word(0) != one.first || (!one.second.empty() && word(1) != one.second)) continue;
        out.command = one.is;
        out.order.decides = decides(one.is);
        if (out.order.decides || one.is == command::show_dead_letters) out.order.decided = decision::waiting;
        std::size_t words = one.second.empty() ? 1 : 2;
        if (one.is == command::replay_session) out.mistake = read_session(out, word(words++));
        if (!out.mistake.empty()) return out;
        out.mistake = read_options(out, arguments, words, one.letter, at);
        if (out.mistake.empty()) out.mistake = complete(out);
        return out;
    }
    const bool has_second = std::ranges::any_of(
        commands, [&](const named_command& one) { return one.first == word(0) && !one.second.empty(); });
    out.mistake = fmt::format("no command is named \"{}\"", word(0) + (has_second ? " " + word(1) : ""));
    return out;
}

const char* const usage = R"(airi-ctl <command> [options]

  replay --topic T       publishes records of a topic again
      --into T           into another topic
      --into shadow      decides again what the worker of chat.requested.v1 (moderation) or chat.screened.v1 (chat) has
                         decided, by what is in force, and prints what would differ; nothing is written
      --for-group G      this consumer group alone handles them
      --from-archive     as they are in the archive
      --reprocess TABLE  instead of --topic: builds a lost table again, usage_log or usage_daily
      --dry-run          only counts them, by type and hour
      --rate N           at most so many a second
      --state FILE       keeps its place there: the same command goes on where it was killed
  replay session ID      makes the decisions of a session of a game again from its records, and prints them beside the
                         recorded ones; ends with 1 at a difference. Needs ENCRYPTION_KEY and DATABASE_URL
      --from-archive     from the archive's records
  dlq list               counts the dead letters by topic, group, error and what was decided about them
  dlq show               prints them, a line of JSON each
      --limit N          at most so many (20)
  dlq retry --topic T    publishes them into the topic that they came from, for the group that gave them up; --dry-run,
                         --rate, --state and --for-group as above
  dlq park --topic T     keeps them for later; --dry-run
  dlq drop --topic T     decides that nothing will be done about them; --dry-run
      --decided D        of all these: about which this was decided: waiting (as without it), retried, parked, dropped
  groups list            the consumer groups: members, records that wait, since when
      --group G          of this one
  groups move --group G --topic T --to PLACE
                         lets a group without members go on with the records since a time, "beginning" or "end"
      --dry-run          only shows the offsets
  topics list            the topics: partitions, records, how long they are kept, the oldest one's time
  topics grow --topic T --partitions N
                         adds partitions, when every group has read the topic to its end and nothing arrives
      --dry-run          only shows what stands in the way
  archive run            archives what the topics hold, as the worker does
  archive list           what is archived
  archive verify         reads all of it and compares counts and digests
  archive reseal         seals what an older ENCRYPTION_KEY has sealed under the current one; the older one is given as
                         ENCRYPTION_KEY_PREVIOUS
      --topic T          of this topic; each of the four
  settle --from TIME     after a restore of the database to that time, before anything is started: mails that were sent
                         since then are not sent again, nor events published that Kafka has

Which records:
      --topic T          of this topic; dead letters: with or without -dlt
      --from, --to TIME  appended since, and before: RFC 3339, or 90s, 30m, 2h, 7d ago; --from beginning
      --key K            with this key
      --type T           with this ce_type
      --where /PTR=V     whose value has V at this JSON pointer; repeatable
      --group G          given up by this consumer group (dlq)
      --error TEXT       whose error has this text (dlq)

A record keeps its key, value and event id, so that what it has done already is not done again. It gets the headers
x-replay-id and x-replay-count; after five replays it is left out. Settings: KAFKA_BROKERS and those behind it;
ARCHIVE_URL and those behind it, ENCRYPTION_KEY for sealed topics; DATABASE_URL for what changes something, as the
audit log has it.
)";

}  // namespace airi::workers::operations
