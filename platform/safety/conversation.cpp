#include "platform/safety/conversation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "platform/base/json.hpp"

namespace airi::safety {
namespace {

constexpr std::array<std::string_view, 4> state_names{"NORMAL", "ELEVATED_CONCERN", "HIGH_RISK", "SAFETY_MODE"};

double weight_of(const observation& message, const policy& by) {
    int mediums = 0, lows = 0;
    for (const auto& s : message.signals) {
        if (s.found == level::high) return by.high_score;
        mediums += s.found == level::medium;
        lows += s.found == level::low;
    }
    double out = mediums ? by.medium + by.more * (mediums - 1) : 0;
    out += by.low * lows;
    if (message.imminent && mediums) out += by.imminent;
    if (message.negative > by.negative_elevated && (mediums || lows)) out += by.negative;
    return out;
}

double decayed(const conversation& before, time_point now, const policy& by) {
    if (before.score <= 0) return 0;
    const auto passed = std::max<double>(0, static_cast<double>((now - before.last).count()));
    const std::chrono::duration<double, std::milli> half = by.half_life;
    return before.score * by.carried * std::exp2(-passed / half.count());
}

bool is_high(const conversation& before, const observation& message, const moderation_scores& scores, double score,
    const policy& by) {
    if (message.worst == level::high || score >= by.high_score) return true;
    if (scores.self_harm_intent >= by.moderation_high) return true;
    if (before.asked && (message.reply == answer::yes || message.worst == level::medium)) return true;
    const bool moderated = std::max(scores.self_harm, scores.self_harm_intent) >= by.moderation_elevated;
    // Sentiment alone is never a reason.
    const bool second = message.worst >= level::low || moderated || before.score >= by.elevated_score;
    return message.negative > by.negative_high && second;
}

}  // namespace

std::string_view name_of(state is) noexcept { return state_names[static_cast<std::size_t>(is)]; }

std::optional<state> state_of(std::string_view name) noexcept {
    const auto found = std::find(state_names.begin(), state_names.end(), name);
    if (found == state_names.end()) return std::nullopt;
    return static_cast<state>(found - state_names.begin());
}

std::string_view name_of(path is) noexcept {
    constexpr std::array<std::string_view, 4> names{"model", "careful", "ask", "help"};
    return names[static_cast<std::size_t>(is)];
}

step next(const conversation& before, const observation& message, const moderation_scores& scores, time_point now,
    const policy& by) {
    step out;
    auto& after = out.after = before;
    after.asked = false;
    after.last = now;
    after.score = decayed(before, now, by);
    const bool denied = before.asked && message.reply == answer::no;
    if (denied) after.score /= 2;
    after.score = std::min(1.0, after.score + weight_of(message, by));
    out.score = after.score;
    out.about = message.about;

    const bool moderated = std::max(scores.self_harm, scores.self_harm_intent) >= by.moderation_elevated;
    const bool sign = message.worst >= level::medium || moderated;
    const bool high = is_high(before, message, scores, after.score, by);
    const bool elevated = sign || message.negative > by.negative_elevated || after.score >= by.elevated_score;
    const bool is_calm = !high && !sign && message.negative <= by.negative_elevated;
    after.calm = is_calm ? before.calm + 1 : 0;
    if (!is_calm) after.concerned = now;

    const bool in_crisis = before.now >= state::high_risk;
    const bool over = after.calm >= by.calm_messages && now - before.concerned >= by.safety_mode;
    if (high) {
        after.now = state::high_risk;
        after.score = 0;  // the state remembers; a later sign is weighed anew
        out.alert = true;
        out.way = path::help;
    } else if (in_crisis && !over) {
        after.now = state::safety_mode;
        out.way = sign ? path::help : path::careful;
    } else if (elevated || (before.now == state::elevated_concern && after.calm < by.calm_messages)) {
        after.now = state::elevated_concern;
        // One question at a time: never because of a mood alone, nor as the answer to "no".
        after.asked = sign && !denied;
        out.way = after.asked ? path::ask : path::careful;
    } else {
        after = {.last = now};
    }
    out.changed = after.now != before.now;
    return out;
}

conversation ended(const conversation&, time_point now) { return {.last = now}; }

std::string conversation::text() const {
    return json::object()
        .add("state", name_of(now))
        .add("score", score)
        .add("asked", asked)
        .add("calm", calm)
        .add("last", last.time_since_epoch().count())
        .add("concerned", concerned.time_since_epoch().count())
        .text();
}

result<conversation> conversation::parse(std::string_view text) {
    const auto document = json::document::parse(text);
    if (!document) return document.error();
    const auto root = document->root();
    conversation out;
    const auto name = root["state"].string();
    const auto at = name ? state_of(*name) : std::nullopt;
    if (!at) return json::errc::wrong_type;
    const auto time = [&](std::string_view key) {
        return time_point(std::chrono::milliseconds(root[key].integer().value_or(0)));
    };
    out.now = *at;
    out.score = root["score"].number().value_or(0);
    out.asked = root["asked"].boolean().value_or(false);
    out.calm = static_cast<int>(root["calm"].integer().value_or(0));
    out.last = time("last");
    out.concerned = time("concerned");
    return out;
}

result<policy> policy::parse(std::string_view text) {
    const auto document = json::document::parse(text);
    if (!document) return document.error();
    policy out;
    bool fits = document->root().type() == json::kind::object;
    const std::array<std::pair<std::string_view, double*>, 12> numbers{
        {{"negative_elevated", &out.negative_elevated}, {"negative_high", &out.negative_high}, {"medium", &out.medium},
            {"more", &out.more}, {"low", &out.low}, {"imminent", &out.imminent}, {"negative", &out.negative},
            {"elevated_score", &out.elevated_score}, {"high_score", &out.high_score}, {"carried", &out.carried},
            {"moderation_elevated", &out.moderation_elevated}, {"moderation_high", &out.moderation_high}}};
    document->root().members([&](std::string_view key, json::value value) {
        const auto number = value.number().value_or(0);
        if (key == "rules") {
            value.each([&](json::value line) {
                fits = fits && line.string().has_value();
                out.rules.append(line.string().value_or("")) += '\n';
            });
            return;
        }
        const auto named = std::find_if(numbers.begin(), numbers.end(), [&](auto& n) { return n.first == key; });
        fits = fits && number > 0;
        if (named != numbers.end()) {
            *named->second = number;
            fits = fits && number <= 1;
        } else if (key == "half_life_minutes") {
            out.half_life = std::chrono::minutes(static_cast<int>(number));
        } else if (key == "calm_messages") {
            out.calm_messages = static_cast<int>(number);
        } else if (key == "safety_mode_hours") {
            out.safety_mode = std::chrono::hours(static_cast<int>(number));
        } else {
            fits = false;
        }
    });
    if (!fits) return json::errc::wrong_type;
    return out;
}

}  // namespace airi::safety
