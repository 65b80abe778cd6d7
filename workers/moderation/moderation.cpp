#include "workers/moderation/moderation.hpp"

#include <algorithm>

#include "events/moderation.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/generations.hpp"
#include "sql/statements.hpp"
#include "workers/moderation/shadow_rules.hpp"

namespace airi::workers::moderation {
namespace {

constexpr std::string_view source = "/airi/workers/moderation";

events::origin origin_of(const uuid& cause, std::string_view step, const record& record, instant time) {
    return {event_id::of(cause, step), source, time, record.traceparent()};
}

after_commit failed(const events::chat_requested& event, std::string_view code, const record& record) {
    after_commit out;
    out.changed_users = {event.user};
    auto last = events::end_frame("failed", code, "null");
    out.frames.push_back(
        {{event.conversation, event.generation, event.message, event.reply}, {1, 0}, last.type, std::move(last.more)});
    const events::chat_finished finished{.conversation = event.conversation,
        .user = event.user,
        .message = event.message,
        .generation = event.generation,
        .reply = event.reply,
        .state = "failed",
        .error_code = std::string(code),
        .provider = {},
        .model = {}};
    out.events.push_back(
        events::envelope(finished, origin_of(event.generation.value, "finished", record, event.created_at)));
    return out;
}

// Broken when it can never be decrypted. The cached key may be outdated: then a fresh one is tried.
awaitable<error_code> open_with(user_keys& keys, events::chat_requested& event) {
    for (int tries = 0; tries < 2; ++tries) {
        const auto key = co_await keys.key_of(event.user);
        if (!key) co_return key.error();
        if (!*key) break;
        if (open(event, **key)) co_return error_code{};
        keys.forget(event.user);
    }
    log::warn("message.undecryptable", {{"generation_id", event.generation.text()}, {"user_id", event.user.text()}});
    co_return seal::errc::broken;
}

struct turn {
    std::string role, text;
};

// What a caller sends with the message: its turns without the message itself, which is the last one of a user, and the
// texts of its tools.
std::vector<turn> earlier_turns(std::string_view parameters) {
    const auto parsed = json::document::parse(parameters);
    std::vector<turn> out;
    if (!parsed) return out;
    parsed->root()["turns"].each([&](json::value each) {
        const auto role = std::string(each["role"].string().value_or(""));
        each["tool_calls"].each([&](json::value call) { out.push_back({role, call["function"].text()}); });
        out.push_back({role, std::string(each["content"].string().value_or(""))});
    });
    const auto last = std::find_if(out.rbegin(), out.rend(), [](const turn& t) { return t.role == "user"; });
    if (last != out.rend()) out.erase(std::next(last).base());
    for (const auto* name : {"tools", "response_format"})
        if (const auto given = parsed->root()[name]; given.exists()) out.push_back({"system", given.text()});
    return out;
}

// Callers send all earlier turns with each message: they are known but for the last ones.
safety::verdict screen_all(
    const events::chat_requested& event, const std::vector<turn>& turns, safety::term_screen& terms) {
    auto out = terms.check(event.content);
    for (const auto& turn : turns)
        if (const auto& found = terms.check_known(turn.text); found.outweighs(out)) out = found;
    return out;
}

// The state that the last questions of a caller's own history lead to: no conversation of ours has it.
safety::conversation after_turns(const std::vector<turn>& turns, const safety::gate& gate, safety::time_point sent) {
    constexpr std::size_t most = 5;
    std::vector<std::string_view> asked;
    for (const auto& turn : turns)
        if (turn.role == "user") asked.push_back(turn.text);
    safety::conversation out;
    for (std::size_t i = asked.size() - std::min(asked.size(), most); i < asked.size(); ++i)
        out = gate.check_text(asked[i], out, sent).decided.after;
    return out;
}

safety::time_point sent_at(const events::chat_requested& event) {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(event.created_at);
}

// The provider's scores that are signals to the crisis rules.
safety::moderation_scores signals_of(const assessment& known) {
    const auto score = [&](std::string_view category) {
        const auto found = known.scores ? known.scores->find(category) : decltype(known.scores->end()){};
        return known.scores && found != known.scores->end() ? found->second : 0;
    };
    return {.self_harm = score("self-harm"), .self_harm_intent = score("self-harm/intent")};
}

// The verdict of the terms, the rules and the scores.
safety::verdict verdict_of(const safety::verdict& terms, const assessment& known) {
    auto out = known.rules->judge_terms(terms, known.user);
    if (known.scores) {
        auto scored = known.rules->judge(*known.scores, known.user);
        if (scored.outweighs(out)) std::swap(out, scored);
        for (auto& category : scored.categories)
            if (std::ranges::find(out.categories, category) == out.categories.end())
                out.categories.push_back(std::move(category));
    }
    if (known.unanswered && known.user.minor && !out.blocks())
        return {.action = "block", .categories = {}, .confidence = 0, .reason = std::string(moderation_unavailable)};
    return out;
}

void conclude(judgement& out, const events::chat_requested& event, const assessment& known) {
    out.found = verdict_of(out.terms, known);
    out.decision = decide(event, out.checked, out.before.state);
    if (!out.decision) return;
    auto& found = out.found;
    const auto way = out.decision->way;
    const bool stopped = found.blocks() || found.action == "review";
    if (stopped && !out.decision->answers()) return;
    if (stopped || found.action == "allow" || out.decision->answers())
        found.action = out.decision->answers() ? "review" : "warn";
    if (way != safety::path::model) {
        found.categories.insert(found.categories.begin(), out.decision->category);
        found.confidence = out.decision->score;
        found.reason = "crisis:" + std::string(safety::name_of(way));
    }
}

}  // namespace

judgement judge(const events::chat_requested& event, safety::term_screen& terms, const safety::gate& gate,
    stored_state before, const assessment& known) {
    const auto turns = earlier_turns(event.parameters.text);
    if (!event.listed) before.state = after_turns(turns, gate, sent_at(event));
    judgement out{{}, {}, std::move(before), {}, screen_all(event, turns, terms)};
    out.checked = gate.check_text(event.content, out.before.state, sent_at(event), signals_of(known));
    conclude(out, event, known);
    return out;
}

judgement judge_again(
    judgement judged, const events::chat_requested& event, const safety::gate& gate, const assessment& known) {
    auto& [seen, decided] = judged.checked;
    decided = gate.decide(seen, judged.before.state, sent_at(event), signals_of(known));
    conclude(judged, event, known);
    return judged;
}

judgement judge_by(judgement judged, const events::chat_requested& event, safety::term_screen& terms,
    const safety::gate& gate, const assessment& known) {
    judged.terms = screen_all(event, earlier_turns(event.parameters.text), terms);
    return judge_again(std::move(judged), event, gate, known);
}

bool needs_scores(const judgement& judged, const assessment& known) {
    const bool is_decided = judged.found.blocks() || (judged.decision && judged.decision->answers());
    return !is_decided && !known.rules->empty() && !known.scores && !known.unanswered;
}

std::vector<std::string> texts_to_score(const events::chat_requested& event) {
    std::vector<std::string> out{event.content};
    auto turns = earlier_turns(event.parameters.text);
    for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) out.push_back(std::move(turn->text));
    return out;
}

after_commit after_judgement(const events::chat_requested& event, const safety::verdict& found,
    const std::optional<crisis_decision>& decision, const std::optional<sql::generations::end>& end,
    const record& record, std::string_view review) {
    after_commit out;
    out.changed_users = {event.user};
    const auto& cause = event.generation.value;
    if (decision) add_consequences(out, event, *decision, end, record.traceparent());
    if (found.action == "block") {
        auto last = events::end_frame("rejected", found.reason, "null");
        out.frames.push_back({{event.conversation, event.generation, event.message, event.reply}, {1, 0}, last.type,
            std::move(last.more)});
        const events::chat_finished finished{.conversation = event.conversation,
            .user = event.user,
            .message = event.message,
            .generation = event.generation,
            .reply = event.reply,
            .state = "rejected",
            .error_code = found.reason,
            .provider = {},
            .model = {}};
        out.events.push_back(events::envelope(finished, origin_of(cause, "finished", record, event.created_at)));
    } else if (review == "held") {
        out.frames.push_back({{event.conversation, event.generation, event.message, event.reply}, events::held_place,
            events::frame_type::held, events::held_member(found.reason)});
    } else if (!end && review.empty()) {
        const events::chat_screened screened{event.conversation, event.user, event.message, event.generation,
            event.reply, event.created_at, event.listed};
        out.events.push_back(events::envelope(screened, origin_of(cause, "screened", record, event.created_at)));
    }
    if (found.reason == moderation_unavailable) return out;  // nobody has judged it
    const events::moderation_decided decided{event.message, event.user, found.action,
        found.categories.empty() ? "" : found.categories.front(), found.reason, found.confidence};
    out.events.push_back(events::envelope(decided, origin_of(cause, "decided", record, event.created_at)));
    return out;
}

effects give_up(const events::chat_requested& event, const record& record) {
    effects out;
    out.statements.push_back(sql::generations::abandon_message(event, "dead_letter"));
    out.after = failed(event, "dead_letter", record);
    return out;
}

effects unreadable(const events::chat_requested& event, const record& record) {
    constexpr std::string_view code = "unreadable";
    effects out;
    out.statements.push_back(sql::generations::abandon_message(event, code));
    out.after_from_rows = [end = failed(event, code, record)](const std::vector<postgres::rows>& rows) {
        return rows.front().boolean(0, 0) ? end : after_commit{};
    };
    return out;
}

bool open(events::chat_requested& event, const seal::key& key) {
    auto content = seal::open(key, event.content, event.place("content"));
    if (!content) return false;
    if (!event.parameters.text.empty()) {
        const auto parsed = json::document::parse(event.parameters.text);
        auto parameters =
            seal::open(key, parsed ? parsed->root()["sealed"].string().value_or("") : "", event.place("parameters"));
        if (!parameters) return false;
        event.parameters.text = std::move(*parameters);
    }
    event.content = std::move(*content);
    event.sealed = false;
    return true;
}

namespace {

awaitable<result<person>> find_person(postgres::database& database, user_id whose) {
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("crisis.person", {{"user", whose}}));
    if (!rows) co_return rows.error();
    if (rows->empty()) co_return person{};
    auto [locale, country] = rows->read<std::string, std::string>(0);
    co_return person{std::move(locale), std::move(country)};
}

// The judgement with the provider's scores, which are asked for once, and only where they can change what happens.
awaitable<> add_scores(judgement& judged, const events::chat_requested& event, const ports& ports, assessment& known) {
    if (ports.scores == nullptr || !needs_scores(judged, known)) co_return;
    const auto texts = texts_to_score(event);
    known.scores = co_await ports.scores->scores_of({texts.begin(), texts.end()});
    known.unanswered = !known.scores;
    judged = judge_again(std::move(judged), event, *ports.safety.gate, known);
}

// The scores as JSON, which are kept with a decision; empty: there are none to be kept.
std::string kept_scores(const judgement& judged, const assessment& known) {
    if (!known.scores || judged.found.action == "allow") return {};
    json::object out;
    for (const auto& [category, score] : *known.scores) out.add(category, score);
    return out.text();
}

// Judges and stores a message. Nearly every conversation has no state, so it is judged as if it had none; the statement
// that stores it stores nothing when that is wrong, and returns the state.
awaitable<result<effects>> screen_message(events::chat_requested event, record record, const ports& ports) {
    const auto data = ports.safety;
    auto user = co_await ports.keys.traits_of(event.user);
    if (!user) co_return user.error();
    assessment known{ports.rules, std::move(*user)};
    stored_state before;
    for (int tries = 0; tries < 5; ++tries) {
        auto judged = judge(event, ports.terms, *data.gate, before, known);
        co_await add_scores(judged, event, ports, known);
        person whose;
        if (judged.decision && judged.decision->answers()) {
            auto found = co_await find_person(ports.database, event.user);
            if (!found) co_return found.error();
            whose = std::move(*found);
        }
        const auto& [action, categories, confidence, reason] = judged.found;
        const auto safety = safety_record(event, judged.checked, judged.before, judged.decision, data, whose,
            ports.evidence, kept_scores(judged, known), judged.held());
        const auto rows = co_await postgres::run_grouped(ports.database, event.conversation.text(),
            sql::generations::screen(event, {action, categories, confidence, reason}, safety));
        if (!rows) co_return rows.error();
        const auto outcome = sql::generations::read_screened(*rows);
        if (outcome && outcome->stale) {
            before = stored_state::parse(outcome->state);
            continue;
        }
        if (outcome && !outcome->lost.empty()) {
            log::info("message.lost", {{"generation_id", event.generation.text()}, {"reason", outcome->lost}});
            effects out;
            out.after = failed(event, outcome->lost, record);
            co_return out;
        }
        if (outcome && outcome->repeated) {
            judged.decision = crisis_decision::parse(outcome->decision);
            auto& [was_action, was_categories, was_confidence, was_reason] = judged.found;
            std::tie(was_action, was_categories, was_confidence, was_reason) =
                std::tie(outcome->action, outcome->categories, outcome->confidence, outcome->reason);
        }
        if (ports.shadow != nullptr && !(outcome && outcome->repeated))
            ports.shadow->compare(event, judged, *data.gate, known);
        const auto end = outcome ? outcome->ended : std::nullopt;
        if (judged.decision && judged.decision->alert)
            log::warn("crisis.detected",
                {{"alert_id", judged.decision->alert->text()}, {"severity", judged.decision->severity},
                    {"generation_id", event.generation.text()}});
        const std::string review = outcome && outcome->repeated ? outcome->review : judged.held() ? "held" : "";
        effects out;
        out.after = after_judgement(event, judged.found, judged.decision, end, record, review);
        if (outcome) out.after.cancelled = outcome->stopped;
        co_return out;
    }
    co_return make_error_code(postgres::errc::conflict);
}

}  // namespace

worker declare(const ports& ports) {
    struct handler {
        const moderation::ports& ports;
        awaitable<result<effects>> operator()(events::chat_requested event, record record) const {
            if (event.sealed) {
                const auto outcome = co_await open_with(ports.keys, event);
                if (outcome == seal::errc::broken) co_return unreadable(event, record);
                if (outcome) co_return outcome;
            }
            co_return co_await screen_message(std::move(event), record, ports);
        }
    };
    worker out;
    out.name = "moderation";
    out.group = "moderation";
    out.topic = std::string(events::chat_requested::topic);
    out.max_in_flight = 256;
    out.groups_effects = true;
    out.handle = on_event<events::chat_requested>(handler{ports});
    out.give_up = [](record record) {
        const auto event = events::decode<events::chat_requested>(record.message.value);
        return event ? give_up(*event, record) : effects{};
    };
    return out;
}

}  // namespace airi::workers::moderation
