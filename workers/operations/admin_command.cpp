#include "workers/operations/admin_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "workers/operations/command_line.hpp"

namespace airi::workers::operations {
namespace {

struct known_command {
    std::string_view noun, verb;
    admin_act is;
    std::string_view words;    // their names, separated by spaces
    std::string_view options;  // theirs
};

constexpr std::array commands{
    known_command{"users", "find", admin_act::find_users, "", "email status plan role limit as"},
    known_command{"users", "show", admin_act::show_user, "USER", "as"},
    known_command{"users", "suspend", admin_act::suspend_user, "USER", "reason until as"},
    known_command{"users", "restore", admin_act::restore_user, "USER", "as"},
    known_command{"users", "role", admin_act::set_role, "USER ROLE", "as"},
    known_command{"keys", "list", admin_act::list_keys, "USER", "as"},
    known_command{"keys", "revoke", admin_act::revoke_key, "USER KEY", "as"},
    known_command{"profile", "list", admin_act::list_settings, "", "category as"},
    known_command{"profile", "show", admin_act::show_setting, "SETTING", "as"},
    known_command{"profile", "set", admin_act::set_setting, "SETTING VALUE", "as"},
    known_command{"migrate", "status", admin_act::migration_status, "", "profile"},
    known_command{"migrate", "apply", admin_act::migrate, "", "profile"},
};

std::vector<std::string> split(std::string_view words) {
    std::vector<std::string> out;
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        out.emplace_back(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return out;
}

// A time after the present: RFC 3339, or in 90s, 30m, 2h, 7d.
std::optional<instant> read_later(const std::string& text, instant at) {
    if (const auto exact = parse_instant(text)) return exact;
    const auto before = read_time(text, at);
    return before ? std::optional(at + (at - *before)) : std::nullopt;
}

std::string read_option(
    admin_command& to, const known_command& of, std::string name, const std::string* value, instant at) {
    const auto known = split(of.options);
    if (std::ranges::find(known, name) == known.end()) return fmt::format("no option is named \"--{}\" here", name);
    if (value == nullptr || value->empty()) return fmt::format("--{} needs a value", name);
    auto text = *value;
    if (name == "until") {
        const auto time = read_later(text, at);
        if (!time) return fmt::format("\"{}\" is no time: RFC 3339, or in 90s, 30m, 2h, 7d", text);
        text = to_text(*time);
    }
    if (name == "limit" && (text.size() > 3 || text.find_first_not_of("0123456789") != std::string::npos))
        return fmt::format("\"{}\" is no number of users", text);
    to.options[std::move(name)] = std::move(text);
    return {};
}

std::string read_rest(admin_command& to, const known_command& of, const std::vector<std::string>& all, instant at) {
    const auto names = split(of.words);
    for (std::size_t i = 2; i < all.size(); ++i) {
        if (all[i].starts_with("--")) {
            const auto* value = i + 1 < all.size() ? &all[i + 1] : nullptr;
            if (auto mistake = read_option(to, of, all[i].substr(2), value, at); !mistake.empty()) return mistake;
            ++i;
        } else if (to.words.size() == names.size()) {
            return fmt::format("\"{}\" is too much", all[i]);
        } else {
            to.words.push_back(all[i]);
        }
    }
    if (to.words.size() < names.size()) return fmt::format("{} is missing", names[to.words.size()]);
    constexpr std::array<std::string_view, 4> roles{"user", "crisis", "admin", "super"};
    if (of.is == admin_act::set_role && std::ranges::find(roles, to.words[1]) == roles.end())
        return fmt::format("\"{}\" is no role: user, crisis, admin or super", to.words[1]);
    if (of.is == admin_act::suspend_user && !to.options.contains("reason")) return "--reason is missing";
    return {};
}

}  // namespace

std::optional<std::string> admin_command::option(const std::string& name) const {
    const auto found = options.find(name);
    return found == options.end() ? std::nullopt : std::optional(found->second);
}

std::optional<admin_command> read_admin_command(const std::vector<std::string>& arguments, instant at) {
    const auto word = [&](std::size_t i) { return i < arguments.size() ? arguments[i] : std::string(); };
    if (std::ranges::find(commands, word(0), &known_command::noun) == commands.end()) return std::nullopt;
    admin_command out;
    const auto* found =
        std::ranges::find_if(commands, [&](const auto& one) { return one.noun == word(0) && one.verb == word(1); });
    if (found == commands.end()) {
        out.mistake = fmt::format("no command is named \"{} {}\"", word(0), word(1));
        return out;
    }
    out.is = found->is;
    out.mistake = read_rest(out, *found, arguments, at);
    return out;
}

const char* const admin_usage = R"(
  users find             the users, newest first, a line of JSON each; --email PART, --status S, --plan P, --role R,
                         --limit N (20)
  users show USER        a user with their sessions, usage and moderation decisions; USER is an id or an e-mail address
  users suspend USER --reason TEXT
                         they may do nothing until they are restored, or --until TIME: RFC 3339, or in 90s, 30m, 2h, 7d
  users restore USER     takes a suspension, ban or deletion back
  users role USER ROLE   user, crisis, admin or super
  keys list USER         their API keys
  keys revoke USER KEY   one of them, by its id, or "all"
  profile list           the settings, a line of JSON each; --category C
  profile show SETTING
  profile set SETTING VALUE
                         VALUE is JSON; the profile's own value no longer overwrites it
  migrate status         the migrations, functions and policies that ./airi up would apply; 1: there are some
  migrate apply          applies them, and the profile; both --profile P (AIRI_PROFILE)

      --as NAME          the operator's name in the audit log, of every command that changes something; without it the
                         login name
)";

}  // namespace airi::workers::operations
