#include "platform/base/environment.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "platform/base/percent.hpp"

namespace airi {
namespace {

struct environment_default {
    std::string_view environment, name, value;
};
constexpr std::array environment_defaults{
    environment_default{"development", "LOG_LEVEL", "debug"},
    environment_default{"development", "ENABLE_RATE_LIMITING", "false"},
    environment_default{"test", "LOG_LEVEL", "info"},
    environment_default{"staging", "LOG_LEVEL", "info"},
    environment_default{"production", "LOG_LEVEL", "error"},
};

struct closed_name {
    std::string_view name;
    std::array<std::string_view, 5> values;
};
// The products are the files of sql/profiles.
constexpr std::array closed_names{
    closed_name{"AIRI_ENV", {"development", "test", "staging", "production"}},
    closed_name{"AIRI_PROFILE", {"airi", "ezri", "howto", "saas", "statex"}},
    closed_name{"LOG_LEVEL", {"debug", "info", "warn", "error"}},
};

std::string listed(std::span<const std::string_view> values) {
    std::string out;
    for (std::size_t i = 0; i < values.size(); ++i)
        out.append(i == 0 ? "" : i + 1 == values.size() ? " or " : ", ").append(values[i]);
    return out;
}

std::string value_of(const variables& values, const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string{} : found->second;
}

}  // namespace

bool has_value(const variables& values, const std::string& name) { return !value_of(values, name).empty(); }

void add_documented_names(variables& values) {
    if (!has_value(values, "AIRI_ENV") && has_value(values, "NODE_ENV")) values["AIRI_ENV"] = values["NODE_ENV"];
    if (has_value(values, "REDIS_URL_FILE")) return;
    auto& url = values["REDIS_URL"];
    if (url.empty() && has_value(values, "REDIS_HOST"))
        url = "redis://" + values["REDIS_HOST"] + ":" +
              (has_value(values, "REDIS_PORT") ? values["REDIS_PORT"] : std::string("6379"));
    const auto host = url.find("://");
    if (has_value(values, "REDIS_PASSWORD") && host != url.npos && url.find('@') == url.npos)
        url.insert(host + 3, ":" + percent_encoded(values["REDIS_PASSWORD"]) + "@");
}

void add_environment_defaults(variables& values) {
    const auto given = value_of(values, "AIRI_ENV");
    const std::string_view environment = given.empty() ? std::string_view("development") : given;
    for (const auto& each : environment_defaults)
        if (each.environment == environment && !has_value(values, std::string(each.name)))
            values[std::string(each.name)] = each.value;
}

std::vector<std::string> closed_name_mistakes(const variables& values) {
    std::vector<std::string> out;
    for (const auto& [name, allowed] : closed_names) {
        const auto given = value_of(values, std::string(name));
        const auto end = std::find(allowed.begin(), allowed.end(), std::string_view{});
        if (given.empty() || std::find(allowed.begin(), end, given) != end) continue;
        out.push_back(std::string(name) + " must be " +
                      listed({allowed.data(), static_cast<std::size_t>(end - allowed.begin())}));
    }
    return out;
}

}  // namespace airi
