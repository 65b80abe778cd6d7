#include "workers/moderation/crisis.hpp"

#include <algorithm>

#include "events/crisis.hpp"
#include "events/frames/codec.hpp"
#include "events/frames/crisis.hpp"
#include "platform/base/json.hpp"
#include "platform/safety/location.hpp"
#include "sql/search.hpp"
#include "workers/moderation/texts.hpp"
#include "workers/runtime/generation_end.hpp"
#include "workers/runtime/texts.hpp"

namespace airi::workers::moderation {
namespace {

constexpr std::string_view source = "/airi/workers/moderation";

std::string_view severity_of(const safety::gate::checked& checked, const safety::conversation& before) {
    if (checked.decided.way == safety::path::help)
        return checked.seen.imminent || before.now >= safety::state::high_risk ? "critical" : "high";
    return checked.decided.way == safety::path::ask ? "medium" : "low";
}

// The language of the rule that found the worst sign; empty when the rule holds for every language.
std::string language_of(const safety::observation& seen) {
    for (const auto& sign : seen.signals)
        if (sign.found == seen.worst && !sign.rule.starts_with("any")) return sign.rule.substr(0, sign.rule.find(':'));
    return {};
}

std::string alert_record(const events::chat_requested& event, const safety::gate::checked& checked,
    const crisis_decision& decision, const safety_data& data, const seal::keyring& evidence) {
    json::array rules, words;
    for (const auto& sign : checked.seen.signals) {
        rules.add(sign.rule);
        words.add(sign.words);
    }
    const auto id = decision.alert->text();
    const auto context = json::object().add("text", event.content).add_raw("signals", words.text()).text();
    return json::object()
        .add("id", id)
        .add("severity", decision.severity)
        .add("trigger_type", decision.category)
        .add_raw("signals", rules.text())
        .add("rules_version", data.gate->version())
        .add("score", decision.score)
        .add("context", evidence.seal(context, events::place_of_context(*decision.alert)))
        .text();
}

// "988 Suicide & Crisis Lifeline: 988"; the lines to turn to first, and the emergency number.
std::string lines_of(std::string_view resources) {
    const auto parsed = json::document::parse(resources);
    std::string out;
    int shown = 0;
    if (parsed)
        parsed->root().each([&](json::value one) {
            const auto text = [&](json::value of) { return std::string(of.string().value_or("")); };
            const bool emergency = one["kind"].string() == "emergency";
            if (!emergency && shown >= 3) return;
            shown += !emergency;
            auto to = text(one["dial"]);
            if (const auto number = text(one["sms"]["number"]); !number.empty()) {
                const auto keyword = text(one["sms"]["keyword"]);
                to +=
                    (to.empty() ? "" : ", ") + std::string("SMS ") + (keyword.empty() ? "" : keyword + " → ") + number;
            }
            if (to.empty()) to = text(one["url"]);
            out += "\n• " + text(one["name"]) + (to.empty() ? "" : ": " + to);
        });
    return out;
}

}  // namespace

stored_state stored_state::parse(std::string_view text) {
    stored_state out;
    const auto document = json::document::parse(text);
    if (!document) return out;
    out.version = document->root()["version"].integer().value_or(0);
    if (auto state = safety::conversation::parse(text)) out.state = *state;
    return out;
}

std::string crisis_decision::json() const {
    return json::object()
        .add("way", safety::name_of(way))
        .add("old_state", safety::name_of(old_state))
        .add("new_state", safety::name_of(new_state))
        .add("category", category)
        .add("severity", severity)
        .add("country", country)
        .add("score", score)
        .add("alert", alert ? std::optional(alert->text()) : std::nullopt)
        .text();
}

std::optional<crisis_decision> crisis_decision::parse(std::string_view text) {
    const auto document = json::document::parse(text);
    if (!document || document->root().type() != json::kind::object) return std::nullopt;
    const auto v = document->root();
    crisis_decision out;
    for (const auto way : {safety::path::careful, safety::path::ask, safety::path::help})
        if (v["way"].string() == safety::name_of(way)) out.way = way;
    out.old_state = safety::state_of(v["old_state"].string().value_or("")).value_or(safety::state::normal);
    out.new_state = safety::state_of(v["new_state"].string().value_or("")).value_or(safety::state::normal);
    out.category = v["category"].string().value_or("");
    out.severity = v["severity"].string().value_or("");
    out.country = v["country"].string().value_or("*");
    out.score = v["score"].number().value_or(0);
    if (const auto id = v["alert"].string()) out.alert = alert_id::parse(*id);
    return out;
}

std::optional<crisis_decision> decide(
    const events::chat_requested& event, const safety::gate::checked& checked, const safety::conversation& before) {
    const auto& step = checked.decided;
    if (step.way == safety::path::model && !step.changed) return std::nullopt;
    crisis_decision out;
    out.way = step.way;
    out.old_state = before.now;
    out.new_state = step.after.now;
    out.category = safety::name_of(step.about);
    out.severity = severity_of(checked, before);
    out.score = step.score;
    if (step.alert) out.alert = alert_id::of(event.message.value, "crisis_alert");
    return out;
}

std::optional<std::string> safety_record(const events::chat_requested& event, const safety::gate::checked& checked,
    const stored_state& before, std::optional<crisis_decision>& decision, const safety_data& data, const person& whose,
    const seal::keyring& evidence, const std::string& scores, bool held) {
    const auto& after = checked.decided.after;
    const bool forgets = after == safety::conversation{.last = after.last};
    if (!decision && before.version == 0 && forgets && !data.stores_sentiment && scores.empty() && !held)
        return std::nullopt;

    json::object out;
    out.add("version", before.version);
    if (!forgets) {
        auto state = after.text();
        state.pop_back();
        out.add_raw("state", state + ",\"version\":" + std::to_string(before.version + 1) + '}');
    } else if (before.version > 0) {
        out.add_raw("state", "null");
    }
    json::object reply;
    if (decision || data.stores_sentiment) {
        reply.add("safety_state", safety::name_of(after.now)).add("crisis_detected", checked.decided.alert);
        if (data.stores_sentiment) reply.add("sentiment_score", checked.seen.sentiment());
    }
    if (decision && decision->answers()) {
        safety::location_signals known;
        known.profile = whose.country;
        known.fallback = data.default_country;
        const auto place = safety::locate(known);
        decision->country = place.country;
        const auto now = event.created_at;
        const auto chosen = sql::crisis::for_country(*data.resources, place.country, now);
        const auto resources = sql::crisis::to_json(chosen, now);
        reply.add("crisis_country", place.country).add_raw("crisis_resources", resources);
        const auto language = language_of(checked.seen);
        const auto text = fixed_reply(decision->way, language.empty() ? whose.locale : language, resources);
        out.add("reply", text).add("words", sql::search::vector_of(text));
    }
    if (decision || data.stores_sentiment) out.add_raw("metadata", reply.text());
    if (checked.seen.worst >= safety::level::medium) {
        json::array categories;
        categories.add(safety::name_of(checked.seen.about));
        out.add_raw("flag", json::object()
                                .add("flagged", true)
                                .add("flag_reason", safety::name_of(checked.seen.about))
                                .add_raw("flag_categories", categories.text())
                                .text());
    }
    if (!scores.empty()) out.add_raw("scores", scores);
    if (held) out.add("held", true);
    if (decision) out.add_raw("decision", decision->json());
    if (decision && decision->alert) out.add_raw("alert", alert_record(event, checked, *decision, data, evidence));
    return out.text();
}

void add_consequences(after_commit& to, const events::chat_requested& event, const crisis_decision& decision,
    const std::optional<sql::generations::end>& end, std::string_view traceparent) {
    namespace frames = events::frames;
    const auto mine = events::channel_of(event.user);
    if (end) {
        const auto parsed = json::document::parse(end->message);
        const auto message = parsed ? parsed->root() : json::value{};
        const events::generation_ids ids{event.conversation, event.generation, event.message, event.reply};
        to.frames.push_back({ids, {1, 0}, events::frame_type::start, {}});
        to.frames.push_back(
            {ids, {1, 1}, events::frame_type::delta, events::content_member(message["content"].string().value_or(""))});
        const events::chat_screened screened{event.conversation, event.user, event.message, event.generation,
            event.reply, event.created_at, event.listed};
        auto ended = after_end(screened, *end, traceparent, source);
        std::ranges::move(ended.frames, std::back_inserter(to.frames));
        std::ranges::move(ended.announcements, std::back_inserter(to.announcements));
        std::ranges::move(ended.events, std::back_inserter(to.events));
        const frames::crisis_resources lines{
            event.conversation, decision.country, {message["metadata"]["crisis_resources"].text()}};
        to.announcements.push_back({mine, events::encode_frame(lines)});
    }
    if (decision.old_state != decision.new_state) {
        const frames::safety_state_change change{event.conversation, std::string(safety::name_of(decision.old_state)),
            std::string(safety::name_of(decision.new_state))};
        to.announcements.push_back({mine, events::encode_frame(change)});
    }
    if (!decision.alert) return;
    const frames::crisis_alert alert{*decision.alert, event.user, event.conversation, decision.severity,
        decision.category, "pending", event.created_at};
    for (const auto channel : frames::alert_channels)
        to.announcements.push_back({std::string(channel), events::encode_frame(alert)});
    const events::crisis_detected detected{*decision.alert, event.user, event.conversation, event.message,
        decision.severity, decision.category, decision.country, event.created_at};
    to.events.push_back(events::envelope(
        detected, {event_id::of(decision.alert->value, "detected"), source, event.created_at, traceparent}));
}

std::string fixed_reply(safety::path way, std::string_view language, std::string_view resources) {
    const bool helps = way == safety::path::help;
    const auto found = find_text(text_files, helps ? "help" : "ask", language);
    auto text = found ? std::string(found->text) : std::string{};
    while (text.ends_with('\n')) text.pop_back();
    std::ranges::replace(text, '\n', ' ');  // a text is one paragraph
    return helps ? text + '\n' + lines_of(resources) : text;
}

}  // namespace airi::workers::moderation
