#include "sql/crisis.hpp"

#include <algorithm>
#include <utility>

#include "platform/base/json.hpp"

namespace airi::sql::crisis {
namespace {

constexpr std::string_view everywhere = "*", emergency = "emergency";

std::optional<bool> open_at(const resource& one, instant now) {
    return one.hours ? std::optional(is_open(*one.hours, now)) : std::nullopt;
}

bool has_expired(const resource& one, instant now) { return one.expires && *one.expires <= now; }

int rank_of(const resource& one, instant now) {
    if (has_expired(one, now)) return 3;
    const auto open = open_at(one, now);
    return !open ? 1 : *open ? 0 : 2;
}

}  // namespace

bool is_open(const opening& hours, instant now) {
    using namespace std::chrono;
    const auto local = floor<minutes>(now) + minutes(hours.offset);
    const auto day = floor<std::chrono::days>(local);
    const auto minute = (local - day).count();
    const auto today = weekday(day).iso_encoding() - 1, yesterday = (today + 6) % 7;
    const auto opens_on = [&](unsigned index) { return (hours.days >> index & 1) == 1; };
    if (hours.opens < hours.closes) return opens_on(today) && hours.opens <= minute && minute < hours.closes;
    return (opens_on(today) && hours.opens <= minute) || (opens_on(yesterday) && minute < hours.closes);
}

std::vector<resource> read(const postgres::rows& rows) {
    std::vector<resource> out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto [country, kind, opens, closes, days, offset, expires, json] = rows.read<std::string, std::string,
            std::optional<std::int64_t>, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::string>(i);
        resource one{std::move(country), std::move(kind), std::nullopt, instant(seconds(expires)), std::move(json)};
        if (opens) one.hours = opening{*opens, closes, days, offset};
        out.push_back(std::move(one));
    }
    return out;
}

std::vector<const resource*> for_country(const std::vector<resource>& all, std::string_view country, instant now) {
    const bool has_emergency = std::ranges::any_of(all, [&](const resource& one) {
        return one.country == country && one.country != everywhere && one.kind == emergency && !has_expired(one, now);
    });
    std::vector<const resource*> out;
    for (const auto& one : all) {
        if (one.country != country && one.country != everywhere) continue;
        if (one.country == everywhere && one.kind == emergency && has_emergency) continue;
        out.push_back(&one);
    }
    std::ranges::sort(out, {}, [&](const resource* one) { return std::pair(rank_of(*one, now), one); });
    return out;
}

std::string to_json(const std::vector<const resource*>& chosen, instant now) {
    json::array out;
    for (const auto* one : chosen) {
        // `json` is an object, whose last character is its brace.
        auto text = one->json.substr(0, one->json.size() - 1) + ",\"open\":";
        const auto open = open_at(*one, now);
        out.add_raw(text.append(!open ? "null" : *open ? "true" : "false").append("}"));
    }
    return out.text();
}

std::vector<std::string_view> countries(const std::vector<resource>& all) {
    std::vector<std::string_view> out;
    for (const auto& one : all)
        if (one.country != everywhere && (out.empty() || out.back() != one.country)) out.push_back(one.country);
    return out;
}

}  // namespace airi::sql::crisis
