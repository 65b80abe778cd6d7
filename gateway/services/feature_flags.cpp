#include "gateway/services/feature_flags.hpp"

#include <algorithm>
#include <charconv>

#include "gateway/services/services.hpp"
#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"

namespace airi::gateway {
namespace {

constexpr std::chrono::days new_for{30};

std::vector<std::string> texts(json::value list) {
    std::vector<std::string> out;
    list.each([&](json::value one) { out.emplace_back(one.string().value_or("")); });
    return out;
}

bool has(const std::vector<std::string>& list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

// 0 to 99, the same for ever: a user keeps a feature while its percentage grows, and has each feature independently.
std::int64_t bucket_of(std::string_view flag, std::string_view user) {
    const auto hash = digest::sha256_hex(std::string(flag) + "/" + std::string(user)).substr(0, 8);
    std::uint32_t number = 0;
    std::from_chars(hash.data(), hash.data() + hash.size(), number, 16);
    return number % 100;
}

bool is_switched_off(const gateway_options& options, std::string_view flag) {
    if (flag == "rate_limiting") return !options.rate_limiting;
    if (flag == "websockets") return !options.websockets;
    if (flag == "file_uploads") return !options.file_uploads;
    return flag == "voice_chat" && !options.voice_chat;
}

flag_state state_of(const services& services, const feature_flag& flag, const account* caller) {
    if (is_switched_off(services.options, flag.name)) return flag_state::off;
    if (!flag.is_restricted()) return flag.enabled ? flag_state::on : flag_state::off;
    return evaluate(flag, caller ? subject_of(*caller, now()) : flag_subject{}, services.options.features);
}

}  // namespace

feature_flag read_flag(std::string name, bool enabled, std::int64_t rollout_percentage, std::string_view rule) {
    feature_flag out{std::move(name), enabled, rollout_percentage, {}, {}, {}};
    if (const auto parsed = json::document::parse(rule)) {
        out.plans = texts(parsed->root()["plans"]);
        out.user_segments = texts(parsed->root()["user_segments"]);
        out.beta_users = texts(parsed->root()["beta_users"]);
    }
    return out;
}

flag_subject subject_of(const account& account, instant now) {
    flag_subject out{account.id.text(), {}, account.plan, {}};
    out.segments.emplace_back(account.rank > 0 ? "paying" : "free");
    const auto role = account.acting_role();
    if (role == "admin" || role == "super") out.segments.emplace_back("admins");
    if (const auto user = json::document::parse(account.json)) {
        out.email = user->root()["email"].string().value_or("");
        const auto created = parse_instant(user->root()["created_at"].string().value_or(""));
        if (created && now - *created < new_for) out.segments.emplace_back("new_users");
    }
    return out;
}

flag_state evaluate(const feature_flag& flag, const flag_subject& subject, release_stage open) {
    if (!flag.enabled) return flag_state::off;
    if (!flag.plans.empty() && !has(flag.plans, subject.plan)) return flag_state::other_plan;
    if (open == release_stage::everything) return flag_state::on;
    const bool known = !subject.id.empty();
    if (known && (has(flag.beta_users, subject.id) || has(flag.beta_users, subject.email))) return flag_state::on;
    if (open == release_stage::beta && known && !flag.beta_users.empty()) return flag_state::on;
    const bool chosen = flag.user_segments.empty()
                            ? flag.beta_users.empty()
                            : std::any_of(flag.user_segments.begin(), flag.user_segments.end(),
                                  [&](const auto& segment) { return has(subject.segments, segment); });
    if (!chosen) return flag_state::off;
    if (flag.rollout_percentage >= 100) return flag_state::on;
    return known && bucket_of(flag.name, subject.id) < flag.rollout_percentage ? flag_state::on : flag_state::off;
}

flag_state state_of(const services& services, std::string_view flag, const account* caller) {
    const auto rows = services.catalogue.rows();
    for (const auto& each : rows->flags)
        if (each.name == flag) return state_of(services, each, caller);
    return is_switched_off(services.options, flag) ? flag_state::off : flag_state::on;
}

std::optional<problem> check_flag(const services& services, std::string_view flag, const account* caller) {
    const auto state = state_of(services, flag, caller);
    if (state == flag_state::on) return std::nullopt;
    if (state == flag_state::other_plan) return problem{402, "PLAN_LIMIT", "your plan does not include this feature"};
    return problem{403, "FEATURE_DISABLED", "this feature is disabled on this server"};
}

std::string features_of(const services& services, const account* caller) {
    json::object out;
    const auto rows = services.catalogue.rows();
    for (const auto& each : rows->flags) out.add(each.name, state_of(services, each, caller) == flag_state::on);
    return out.text();
}

}  // namespace airi::gateway
