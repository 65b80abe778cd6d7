// The command line of airi-ctl's users, keys, profile and migrate. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.hpp"

namespace airi::workers::operations {

enum class admin_act {
    find_users,
    show_user,
    suspend_user,
    restore_user,
    set_role,
    list_keys,
    revoke_key,
    list_settings,
    show_setting,
    set_setting,
    migration_status,
    migrate
};

struct admin_command {
    admin_act is = admin_act::find_users;
    std::vector<std::string> words;              ///< what it is about: a user, a key, a role, a setting and its value
    std::map<std::string, std::string> options;  ///< by name, without its dashes; a time is RFC 3339
    std::string mistake;                         ///< empty: there is none

    std::optional<std::string> option(const std::string& name) const;
};

/// None when the first word is that of another command. `at`: the present, which "2h" is after.
std::optional<admin_command> read_admin_command(const std::vector<std::string>& arguments, instant at);

extern const char* const admin_usage;

}  // namespace airi::workers::operations
