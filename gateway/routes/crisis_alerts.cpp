// Crisis alerts: calls for help by hand, and the work of people on every alert. What a person wrote, and the notes on
// it, are sealed here and opened here.
#include "events/crisis.hpp"
#include "events/frames/crisis.hpp"
#include "events/frames/frame.hpp"
#include "gateway/crisis/help_lines.hpp"
#include "gateway/realtime/broadcast.hpp"
#include "gateway/routes/tables.hpp"
#include "gateway/services/outbox.hpp"
#include "gateway/services/response_cache.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::gateway::routes {
namespace {

std::string text_of(json::value alert, std::string_view member) {
    return std::string(alert[member].string().value_or(""));
}

// Tells the people who work on alerts that this one is new or has changed.
void announce(services& services, json::value alert, user_id user) {
    namespace frames = events::frames;
    const frames::crisis_alert frame{alert_id::parse(text_of(alert, "id")).value_or(alert_id{}), user,
        conversation_id::parse(text_of(alert, "conversation_id")), text_of(alert, "severity"),
        text_of(alert, "trigger_type"), text_of(alert, "status"),
        parse_instant(text_of(alert, "created_at")).value_or(now())};
    for (const auto channel : frames::alert_channels)
        broadcast(services.redis, services.executor, std::string(channel), events::encode_frame(frame));
}

// Tells the user, if a safety state has ended, and the people who work on alerts.
awaitable<> publish_change(
    services& services, json::value alert, user_id user, const std::optional<std::string>& ended) {
    announce(services, alert, user);
    const auto conversation = conversation_id::parse(text_of(alert, "conversation_id"));
    if (!ended || !conversation) co_return;
    co_await services.responses.invalidate(user);
    const events::frames::safety_state_change change{*conversation, *ended, "NORMAL"};
    broadcast(services.redis, services.executor, events::channel_of(user), events::encode_frame(change));
}

// The alert with its notes opened; notes of another key are lost.
std::string with_notes(const services& services, json::value alert) {
    json::object out;
    alert.members([&](std::string_view name, json::value value) {
        const auto sealed = name == "resolution_notes" ? value.string() : std::nullopt;
        if (!sealed) return void(out.add_raw(name, value.text()));
        const auto id = alert_id::parse(text_of(alert, "id")).value_or(alert_id{});
        const auto notes = services.evidence.open(*sealed, events::place_of_notes(id));
        if (!notes) log::error("crisis_alert.notes_unreadable", {{"alert_id", id.text()}});
        out.add(name, notes ? std::optional(*notes) : std::nullopt);
    });
    return out.text();
}

// The alert and its event in one transaction.
awaitable<route_result> create(exchange& exchange) {
    auto& services = exchange.services;
    const auto& request = exchange.request;
    const auto user = exchange.caller->id;
    const auto id = exchange.new_id<alert_id>();
    const auto words = exchange.text("context");
    const auto context = words.empty()
                             ? words
                             : services.evidence.seal(json::object().add("text", words).add_raw("signals", "[]").text(),
                                   events::place_of_context(id));
    const auto lines = co_await find_help_lines(services, request, {}, user);
    const events::crisis_detected event{id, user, conversation_id::parse(exchange.text("conversation_id")),
        std::nullopt, exchange.optional_text("severity").value_or("high"),
        exchange.optional_text("trigger_type").value_or("other"), lines.place.country, request.arrived};
    const auto rows = co_await postgres::run_one(services.database, user,
        bind_event("crisis_alerts.create",
            {{"id", id}, {"conversation", event.conversation}, {"severity", event.severity},
                {"trigger_type", event.trigger_type}, {"context", context}, {"at", request.arrived}},
            event, event_id::of(id.value, "detected"), request.trace()));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("conversation");
    wake_relay(services);
    announce(services, json::document::parse(rows->text(0, 0))->root(), user);
    json::object data;
    data.add_raw("alert", rows->text(0, 0)).add("country", lines.country()).add_raw("resources", lines.resources);
    co_return success(201, data.text());
}

awaitable<route_result> get(exchange& exchange) {
    const auto id = alert_id::parse(exchange.path.front());
    if (!id) co_return not_found("alert");
    const auto rows = co_await postgres::run_one(
        exchange.services.database, exchange.caller->id, sql::bind("crisis_alerts.get", {{"id", *id}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty() || rows->is_null(0, 0)) co_return not_found("alert");
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    co_return success(200, with_notes(exchange.services, json::document::parse(rows->text(0, 0))->root()));
}

// `rows` of a statement that changes an alert, of this user or, with none, of the one that the alert names.
awaitable<route_result> answer_change(services& services, postgres::rows rows, std::optional<user_id> user) {
    if (rows.empty()) co_return not_found("alert");
    if (auto refused = refusal_of(rows.text(0, 0))) co_return std::move(*refused);
    const auto alert = json::document::parse(rows.text(0, 0));
    const auto whose = user ? *user : user_id::parse(text_of(alert->root(), "user_id")).value_or(user_id{});
    co_await publish_change(services, alert->root(), whose,
        rows.is_null(0, 1) ? std::nullopt : std::optional(std::string(rows.text(0, 1))));
    co_return success(200, with_notes(services, alert->root()));
}

awaitable<route_result> change(exchange& exchange) {
    auto& services = exchange.services;
    const auto id = alert_id::parse(exchange.path.front());
    if (!id) co_return not_found("alert");
    json::object body;
    exchange.json().members([&](std::string_view name, json::value value) {
        const auto notes = name == "resolution_notes" ? value.string() : std::nullopt;
        if (notes)
            body.add(name, services.evidence.seal(*notes, events::place_of_notes(*id)));
        else
            body.add_raw(name, value.text());
    });
    auto rows = co_await postgres::run_one(services.database, exchange.caller->id,
        sql::bind("crisis_alerts.change", {{"id", *id}, {"body", body.text()}}));
    if (!rows) co_return problem_of(rows.error());
    co_return co_await answer_change(services, std::move(*rows), std::nullopt);
}

awaitable<route_result> mark_false_alarm(exchange& exchange) {
    const auto& caller = exchange.caller->id;
    const auto id = alert_id::parse(exchange.path.front());
    if (!id) co_return not_found("alert");
    auto rows = co_await postgres::run_one(
        exchange.services.database, caller, sql::bind("crisis_alerts.false_alarm", {{"id", *id}}));
    if (!rows) co_return problem_of(rows.error());
    co_return co_await answer_change(exchange.services, std::move(*rows), caller);
}

// The reason is in the audit log before the evidence is opened.
awaitable<route_result> evidence(exchange& exchange) {
    const auto id = alert_id::parse(exchange.path.front());
    if (!id) co_return not_found("alert");
    const auto rows = co_await postgres::run_one(exchange.services.database, exchange.caller->id,
        sql::bind("crisis_alerts.evidence", {{"id", *id}, {"reason", exchange.query["reason"]}}));
    if (!rows) co_return problem_of(rows.error());
    if (rows->empty()) co_return not_found("alert");
    if (auto refused = refusal_of(rows->text(0, 0))) co_return std::move(*refused);
    const auto sealed = rows->text(0, 1);
    const auto opened = sealed.empty() ? result<std::string>(R"({"text":"","signals":[]})")
                                       : exchange.services.evidence.open(sealed, events::place_of_context(*id));
    const auto known = opened ? json::document::parse(*opened) : result<json::document>(opened.error());
    if (!known) {
        log::error("crisis_alert.evidence_unreadable", {{"alert_id", id->text()}});
        co_return problem{500, "EVIDENCE_UNREADABLE", "this EVIDENCE_KEY does not open the evidence"};
    }
    json::object data;
    data.add("alert_id", id->text())
        .add("text", known->root()["text"].string().value_or(""))
        .add_raw("signals", known->root()["signals"].text());
    co_return success(200, data.text());
}

constexpr std::array rows{
    route{.method = verb::post,
        .path = "/crisis/alerts",
        .name = "crisis_alerts.create",
        .rate_group = "crisis",
        .handler = create,
        .body_limit = text_body,
        .body = "CrisisAlertCreate",
        .response = "CrisisAlertCreated",
        .status = 201,
        .other_statuses = "404",
        .summary = "Call for help: the people who work on alerts are told at once, and the answer has help lines",
        .allows_pending = true},
    route{.method = verb::get,
        .path = "/crisis/alerts",
        .name = "crisis_alerts.list",
        .access = access::crisis,
        .query = "CrisisAlertSearch",
        .response = "CrisisAlert[]",
        .summary = "List everybody's alerts, newest first"},
    route{.method = verb::get,
        .path = "/crisis/alerts/mine",
        .name = "crisis_alerts.mine",
        .rate_group = "crisis",
        .query = "OwnCrisisAlertSearch",
        .response = "OwnCrisisAlert[]",
        .summary = "List the caller's own alerts, newest first",
        .allows_pending = true},
    route{.method = verb::get,
        .path = "/crisis/alerts/{id}",
        .name = "crisis_alerts.get",
        .access = access::crisis,
        .handler = get,
        .response = "CrisisAlertDetails",
        .summary = "Get an alert; the access is logged"},
    route{.method = verb::patch,
        .path = "/crisis/alerts/{id}",
        .name = "crisis_alerts.change",
        .access = access::crisis,
        .handler = change,
        .body_limit = text_body,
        .body = "CrisisAlertChange",
        .response = "CrisisAlertDetails",
        .other_statuses = "409",
        .summary = "Review, assign, resolve or escalate an alert; omitted fields stay unchanged"},
    route{.method = verb::post,
        .path = "/crisis/alerts/{id}/false-alarm",
        .name = "crisis_alerts.false_alarm",
        .rate_group = "crisis",
        .handler = mark_false_alarm,
        .body_limit = small_body,
        .body = "Empty",
        .response = "OwnCrisisAlert",
        .summary = "Mark an alert of the caller's own as a false alarm, which resolves it",
        .allows_pending = true},
    route{.method = verb::get,
        .path = "/crisis/alerts/{id}/evidence",
        .name = "crisis_alerts.evidence",
        .access = access::evidence,
        .handler = evidence,
        .query = "CrisisEvidenceReason",
        .response = "CrisisEvidence",
        .other_statuses = "422",
        .summary = "Read what the person wrote; the reason is logged. For the role crisis only"},
};

}  // namespace

extern const std::span<const route> crisis_alerts{rows};

}  // namespace airi::gateway::routes
