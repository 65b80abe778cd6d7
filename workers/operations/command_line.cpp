#include "workers/operations/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace airi::workers::operations {
namespace {

std::optional<double> positive(std::string_view text) {
    double out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (failed != std::errc{} || end != text.data() + text.size() || !std::isfinite(out) || out <= 0)
        return std::nullopt;
    return out;
}

// What an option does with its value; the mistake, or nothing.
using option_reader = std::string (*)(command_line&, const std::string& value, instant at);

std::string set_time(std::optional<instant>& to, const std::string& value, instant at) {
    to = read_time(value, at);
    return to ? "" : fmt::format("\"{}\" is no time: RFC 3339, or 90s, 30m, 2h, 7d ago", value);
}

struct option {
    std::string_view name;
    std::string_view commands;             // their letters: r, l, s, y (retry)
    option_reader read;                    // of a value
    void (*set)(command_line&) = nullptr;  // of an option without one
};

constexpr std::array options{
    option{"--topic", "rlsy",
        [](command_line& to, const std::string& value, instant) {
            to.topic = value;
            return std::string();
        }},
    option{"--from", "rlsy",
        [](command_line& to, const std::string& value, instant at) {
            return value == "beginning" ? std::string() : set_time(to.order.range.from, value, at);
        }},
    option{"--to", "rlsy",
        [](command_line& to, const std::string& value, instant at) { return set_time(to.order.range.to, value, at); }},
    option{"--key", "rlsy",
        [](command_line& to, const std::string& value, instant) {
            to.order.filter.key = value;
            return std::string();
        }},
    option{"--type", "rlsy",
        [](command_line& to, const std::string& value, instant) {
            to.order.filter.type = value;
            return std::string();
        }},
    option{"--where", "rlsy",
        [](command_line& to, const std::string& value, instant) {
            auto condition = read_condition(value);
            if (!condition) return fmt::format("\"{}\" is no condition: /json/pointer=value", value);
            to.order.filter.where.push_back(std::move(*condition));
            return std::string();
        }},
    option{"--group", "lsy",
        [](command_line& to, const std::string& value, instant) {
            to.order.filter.group = value;
            return std::string();
        }},
    option{"--error", "lsy",
        [](command_line& to, const std::string& value, instant) {
            to.order.filter.error = value;
            return std::string();
        }},
    option{"--limit", "s",
        [](command_line& to, const std::string& value, instant) {
            const auto most = positive(value);
            if (most) to.limit = std::llround(*most);
            return most ? std::string() : fmt::format("\"{}\" is no number of records", value);
        }},
    option{"--into", "r",
        [](command_line& to, const std::string& value, instant) {
            to.order.into = value;
            return std::string();
        }},
    option{"--rate", "ry",
        [](command_line& to, const std::string& value, instant) {
            const auto rate = positive(value);
            if (rate) to.order.rate = *rate;
            return rate ? std::string() : fmt::format("\"{}\" is no number of records a second", value);
        }},
    option{"--state", "ry",
        [](command_line& to, const std::string& value, instant) {
            to.order.state_file = value;
            return std::string();
        }},
    option{"--dry-run", "ry", nullptr, [](command_line& to) { to.order.dry_run = true; }},
};

struct named_command {
    std::string_view first, second;
    command is;
    char letter;
};
constexpr std::array commands{
    named_command{"replay", "", command::replay, 'r'},
    named_command{"dlq", "list", command::list_dead_letters, 'l'},
    named_command{"dlq", "show", command::show_dead_letters, 's'},
    named_command{"dlq", "retry", command::retry_dead_letters, 'y'},
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

std::string mistake_in(const command_line& read) {
    const auto& range = read.order.range;
    if (range.from && range.to && *range.from >= *range.to) return "--from must be before --to";
    if (!read.topic && (read.command == command::replay || read.command == command::retry_dead_letters))
        return "--topic is missing";
    if (read.order.dry_run && !read.order.state_file.empty()) return "--dry-run sends nothing, so it has no --state";
    return {};
}

}  // namespace

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
        out.mistake = read_options(out, arguments, one.second.empty() ? 1 : 2, one.letter, at);
        if (out.mistake.empty()) out.mistake = mistake_in(out);
        return out;
    }
    out.mistake = fmt::format("no command is named \"{}\"", word(0) + (word(0) == "dlq" ? " " + word(1) : ""));
    return out;
}

const char* const usage = R"(airi-ctl <command> [options]

  replay --topic T       publishes records of a topic again
      --into T           into another topic
      --dry-run          only counts them, by type and hour
      --rate N           at most so many a second
      --state FILE       keeps its place there: the same command goes on where it was killed
  dlq list               counts the dead letters by topic, group and error
  dlq show               prints them, a line of JSON each
      --limit N          at most so many (20)
  dlq retry --topic T    publishes them into the topic that they came from; --dry-run, --rate and --state as above

Which records:
      --topic T          of this topic; dead letters: with or without -dlt
      --from, --to TIME  appended since, and before: RFC 3339, or 90s, 30m, 2h, 7d ago; --from beginning
      --key K            with this key
      --type T           with this ce_type
      --where /PTR=V     whose value has V at this JSON pointer; repeatable
      --group G          given up by this consumer group (dlq)
      --error TEXT       whose error has this text (dlq)

A record keeps its key, value and event id, so that what it has done already is not done again. It gets the headers
x-replay-id and x-replay-count; after five replays it is left out. Settings: KAFKA_BROKERS and those behind it.
)";

}  // namespace airi::workers::operations
