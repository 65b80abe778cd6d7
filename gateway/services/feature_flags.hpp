// Feature flags: the users for whom a part of the product is on. sql/functions/settings.sql declares them, profiles and
// admins set them, the catalogue holds them; routes ask here, and GET /settings shows them to clients.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/problem.hpp"
#include "platform/base/clock.hpp"

namespace airi::gateway {

struct account;
struct services;

struct feature_flag {
    std::string name;
    bool enabled = false;
    std::int64_t rollout_percentage = 100;                      ///< of the users, always the same ones while it grows
    std::vector<std::string> plans, user_segments, beta_users;  ///< empty: no restriction

    /// Whether it depends on the caller.
    bool is_restricted() const {
        return rollout_percentage < 100 || !plans.empty() || !user_segments.empty() || !beta_users.empty();
    }
};

/// The flag of a row: its rule is {"plans", "user_segments", "beta_users"}, JSON.
feature_flag read_flag(std::string name, bool enabled, std::int64_t rollout_percentage, std::string_view rule);

/// A caller as flags see them; without an account all members are empty.
struct flag_subject {
    std::string id, email, plan;
    std::vector<std::string> segments;  ///< admins, paying, free, new_users (of the last 30 days)
};
flag_subject subject_of(const account&, instant now);

/// An installation opens its enabled flags to all users of the flag's plans (`everything`), as if everyone were a beta
/// user (`beta`), or as they are set (`stable`).
enum class release_stage { everything, beta, stable };

enum class flag_state { off, on, other_plan };

/// A flag is on for a user of one of its plans, who is a beta user, or who is of one of its segments and within its
/// percentage. With beta users only, it is on for nobody else.
flag_state evaluate(const feature_flag&, const flag_subject&, release_stage);

/// The same for a flag of the catalogue and a caller, or none; off where the environment has switched it off.
flag_state state_of(const services&, std::string_view flag, const account* caller);
inline bool is_on(const services& services, std::string_view flag, const account* caller) {
    return state_of(services, flag, caller) == flag_state::on;
}
/// 402 PLAN_LIMIT when the caller's plan lacks the feature, 403 FEATURE_DISABLED when it is off for them.
std::optional<problem> check_flag(const services&, std::string_view flag, const account* caller);

/// {"voice_chat": true, …}: whether each flag is on for the caller.
std::string features_of(const services&, const account* caller);

}  // namespace airi::gateway
