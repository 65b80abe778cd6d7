#include "workers/gaming/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "platform/base/utf8.hpp"

namespace airi::workers::gaming {
namespace {

constexpr std::size_t most_characters = 256, most_lines = 3;

enum class kind { player, item, coordinate, count, text };
struct argument {
    std::string_view name;
    gaming::kind kind;
    bool required;
};
struct verb {
    std::string_view name;
    std::span<const argument> arguments;
};

constexpr std::array place_or_player{argument{"player", kind::player, false}, argument{"x", kind::coordinate, false},
    argument{"y", kind::coordinate, false}, argument{"z", kind::coordinate, false}};
constexpr std::array player{argument{"player", kind::player, true}};
constexpr std::array blocks{argument{"block", kind::item, true}, argument{"count", kind::count, false}};
constexpr std::array block_at{argument{"block", kind::item, true}, argument{"x", kind::coordinate, true},
    argument{"y", kind::coordinate, true}, argument{"z", kind::coordinate, true}};
constexpr std::array items{argument{"item", kind::item, true}, argument{"count", kind::count, false}};
constexpr std::array target{argument{"target", kind::item, true}};
constexpr std::array gift{
    argument{"player", kind::player, true}, argument{"item", kind::item, true}, argument{"count", kind::count, false}};
constexpr std::array words{argument{"text", kind::text, true}};

constexpr std::array verbs{verb{"goto", place_or_player}, verb{"follow", player}, verb{"look", place_or_player},
    verb{"mine", blocks}, verb{"place", block_at}, verb{"craft", items}, verb{"attack", target}, verb{"give", gift},
    verb{"say", words}, verb{"stop", {}}};

// The bounds of arguments in each game.
struct bounds {
    std::string_view game;
    std::size_t most_name;  // characters of a player's name
    bool points;            // a name may have them
    std::int64_t most_count;
    bool gives_to_owner;  // where no player is named
};
constexpr std::array games{bounds{"minecraft", 16, false, 64, false}, bounds{"factorio", 64, true, 100, true},
    bounds{"roblox", 20, false, 64, false}};

bool is_name(std::string_view text, std::size_t most, bool points = false) {
    const auto fits = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               (points && c == '.');
    };
    return !text.empty() && text.size() <= most && std::ranges::all_of(text, fits);
}

std::string mistake_of(const argument& argument, json::value given, const bounds& game) {
    const auto text = given.string();
    const auto number = given.integer();
    switch (argument.kind) {
        case kind::player:
            return text && is_name(*text, game.most_name, game.points) ? "" : "must be the name of a player";
        case kind::item: return text && is_name(*text, 60) ? "" : "must be a name of the game";
        case kind::coordinate:
            return number && *number >= -30'000'000 && *number <= 30'000'000 ? "" : "must be a coordinate";
        case kind::count:
            return number && *number >= 1 && *number <= game.most_count
                       ? ""
                       : fmt::format("must be from 1 to {}", game.most_count);
        case kind::text: return text && !text->empty() && text->size() <= 4'000 ? "" : "must be a text";
    }
    return {};
}

// Blanks in place of control characters and of the section sign, which begins a formatting code of Minecraft's.
std::string plain_text(std::string_view utf8) {
    std::string out;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto c = static_cast<unsigned char>(utf8[i]);
        const auto next = static_cast<unsigned char>(i + 1 < utf8.size() ? utf8[i + 1] : 0);
        const bool pair = c == 0xc2 && (next < 0xa0 || next == 0xa7);
        out += c < 0x20 || c == 0x7f || pair ? ' ' : utf8[i];
        if (pair) ++i;
    }
    return out;
}

}  // namespace

std::string mistake_in(std::string_view of, std::string_view name, json::value given) {
    const auto game = std::ranges::find(games, of, &bounds::game);
    if (game == games.end()) return fmt::format("there is no game {}", of.substr(0, 20));
    const auto known = std::ranges::find(verbs, name, &verb::name);
    if (known == verbs.end()) return fmt::format("there is no verb {}", name.substr(0, 20));
    if (given.type() != json::kind::object) return "arguments must be an object";
    std::string mistake;
    given.members([&](std::string_view member, json::value) {
        if (std::ranges::find(known->arguments, member, &argument::name) == known->arguments.end() && mistake.empty())
            mistake = fmt::format("{} takes no {}", name, member.substr(0, 20));
    });
    std::size_t coordinates = 0;
    for (const auto& each : known->arguments) {
        const auto value = given[each.name];
        if (!value.exists()) {
            const bool needed = each.required && !(each.kind == kind::player && name == "give" && game->gives_to_owner);
            if (needed && mistake.empty()) mistake = fmt::format("{} is missing", each.name);
            continue;
        }
        if (each.kind == kind::coordinate) ++coordinates;
        if (auto fault = mistake_of(each, value, *game); !fault.empty() && mistake.empty())
            mistake = fmt::format("{} {}", each.name, fault);
    }
    const bool moves = name == "goto";
    if (mistake.empty() && coordinates != 0 && coordinates != 3) mistake = "x, y and z belong together";
    if (mistake.empty() && moves && coordinates == 0 && !given["player"].exists())
        mistake = "player, or x, y and z are missing";
    return mistake;
}

std::vector<std::string> spoken_lines(std::string_view text) {
    const auto plain = plain_text(text);
    std::vector<std::string> out;
    std::string_view rest = plain;
    while (out.size() < most_lines) {
        const auto begin = rest.find_first_not_of(" /");
        if (begin == rest.npos) break;
        rest.remove_prefix(begin);
        auto line = first_code_points(rest, most_characters);
        // A line ends at a blank, when it has one behind its middle.
        if (line.size() < rest.size())
            if (const auto blank = line.rfind(' '); blank != line.npos && blank > line.size() / 2)
                line = line.substr(0, blank);
        out.emplace_back(line.substr(0, line.find_last_not_of(' ') + 1));
        rest.remove_prefix(line.size());
    }
    return out;
}

}  // namespace airi::workers::gaming
