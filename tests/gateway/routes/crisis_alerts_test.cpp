#include "events/crisis.hpp"
#include "tests/gateway/gateway_fixture.hpp"
#include "tests/support/cpp/contains.hpp"

using namespace airi;
using namespace airi::test;

namespace {

constexpr std::string_view alerts = "/api/v1/crisis/alerts";
constexpr auto some_id = "019a9f3e-1c40-7d2a-9a51-6f1f0c2b7d10";

// The user of a fixture, in a database that has one alert.
struct alerts_fixture : gateway_fixture {
    std::vector<std::string> told;  ///< channel and frame
    std::string evidence_text;      ///< sealed, as Postgres has it
    std::optional<std::string> ended;

    alerts_fixture() {
        answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            const auto& name = asked.statement->name;
            if (name == "crisis_alerts.create") return row({alert_of(parameter(asked, "id"), {}).c_str()});
            if (name == "crisis_alerts.change") {
                const auto body = json::document::parse(parameter(asked, "body"));
                const auto notes = body->root()["resolution_notes"].string();
                const auto changed = alert_of(parameter(asked, "id"), std::string(notes.value_or("")));
                return row({changed.c_str(), ended ? ended->c_str() : nullptr});
            }
            if (name == "crisis_alerts.evidence") return row({R"("x")", evidence_text.c_str()});
            return postgres::rows{};
        };
        subscriber.arrived = [this](std::string_view channel, std::string_view payload) {
            told.push_back(std::string(channel) + " " + std::string(payload));
        };
        for (const auto& channel : {std::string("crisis"), std::string("admin"), events::channel_of(user)})
            REQUIRE(io.run(subscriber.subscribe(channel)));
    }

    std::string alert_of(const std::string& id, const std::string& notes) const {
        return json::object()
            .add("id", id)
            .add("user_id", user.text())
            .add("conversation_id", some_id)
            .add("severity", "high")
            .add("trigger_type", "other")
            .add("status", "pending")
            .add("created_at", "2026-01-02T03:04:05.000000Z")
            .add("resolution_notes", notes.empty() ? std::nullopt : std::optional(notes))
            .text();
    }
    gateway::response change(std::string body) {
        return ask(request(verb::patch, std::string(alerts) + "/" + some_id, std::move(body)));
    }
    gateway::response read(std::string reason) {
        auto in = request(verb::get, std::string(alerts) + "/" + some_id + "/evidence");
        in.query.emplace_back("reason", std::move(reason));
        return ask(std::move(in));
    }
    std::string place() const { return std::string("crisis_alerts/") + some_id; }
};

}  // namespace

TEST_CASE("EZRI-36: a call for help is stored with its event, its words sealed, and announced to both channels") {
    alerts_fixture h;
    const auto made = h.ask(h.request(verb::post, std::string(alerts), R"({"severity":"low","context":"my words"})"));
    CHECK(made.status == 201);
    CHECK(contains(made.body, R"("resources":[)"));
    const auto stored = h.database.all("crisis_alerts.create");
    REQUIRE(stored.size() == 1);
    const auto id = parameter(stored[0], "id");
    const auto opened = h.evidence.open(parameter(stored[0], "context"), "crisis_alerts/" + id);
    REQUIRE(opened);
    CHECK(*opened == R"({"text":"my words","signals":[]})");
    const auto event = events::decode<events::crisis_detected>(parameter(stored[0], "value"));
    REQUIRE(event);
    CHECK(event->alert.text() == id);
    CHECK(event->user == h.user);
    CHECK_FALSE(event->message);
    CHECK(event->severity == "low");
    CHECK(event->trigger_type == "other");
    CHECK(parameter(stored[0], "topic") == "crisis.detected.v1");
    CHECK_FALSE(contains(parameter(stored[0], "value"), "words"));
    h.io.settle();
    REQUIRE(h.told.size() == 2);
    for (const auto* channel : {"crisis ", "admin "})
        CHECK(std::ranges::any_of(h.told, [&](const std::string& one) {
            return one.starts_with(channel) && contains(one, R"("type":"crisis_alert")") && contains(one, id);
        }));
}

TEST_CASE("EZRI-36: a call for help is stored once an Idempotency-Key, and is not limited before a parent consents") {
    alerts_fixture h;
    h.pending = true;
    const auto call = [&](std::string body) {
        auto in = h.request(verb::post, std::string(alerts), std::move(body));
        in.headers.emplace_back("idempotency-key", "k");
        return h.ask(std::move(in));
    };
    const auto one = call("{}"), two = call("{}"), other = call(R"({"severity":"low"})");
    CHECK(one.status == 201);
    CHECK(two.body == one.body);
    CHECK(h.code_of(other) == "IDEMPOTENCY_KEY_REUSED");
    CHECK(h.database.all("crisis_alerts.create").size() == 1);
}

TEST_CASE("EZRI-38: notes are sealed on their way in and opened on their way out; a state that ended is published") {
    alerts_fixture h;
    h.role = "crisis";
    h.ended = "SAFETY_MODE";
    const auto changed = h.change(R"({"status":"resolved","resolution_notes":"with her sister"})");
    CHECK(changed.status == 200);
    CHECK(contains(changed.body, R"("resolution_notes":"with her sister")"));
    const auto stored = h.database.all("crisis_alerts.change");
    REQUIRE(stored.size() == 1);
    CHECK(contains(parameter(stored[0], "body"), R"("status":"resolved")"));
    CHECK_FALSE(contains(parameter(stored[0], "body"), "sister"));
    h.io.settle();
    CHECK(h.told.size() == 3);
    CHECK(contains(h.told.back() + h.told.front(), R"("old_state":"SAFETY_MODE","new_state":"NORMAL")"));
    h.ended.reset();
    h.told.clear();
    CHECK(contains(h.change(R"({"resolution_notes":null})").body, R"("resolution_notes":null)"));
    h.io.settle();
    CHECK(h.told.size() == 2);
}

TEST_CASE("EZRI-36: evidence is for the role crisis alone, and opens with its key and at its place only") {
    alerts_fixture h;
    const auto sealed = [&](std::string_view place) {
        return h.evidence.seal(R"({"text":"my words","signals":["words"]})", place);
    };
    h.evidence_text = sealed(h.place());
    for (const auto* role : {"user", "admin", "super"}) {
        h.role = role;
        h.sessions.invalidate(h.session);
        CHECK(h.read("a good reason").status == 403);
    }
    CHECK(h.database.all("crisis_alerts.evidence").empty());
    h.role = "crisis";
    h.sessions.invalidate(h.session);
    const auto read = h.read("a good reason");
    CHECK(read.status == 200);
    CHECK(contains(read.body, R"("text":"my words","signals":["words"])"));
    CHECK(parameter(h.database.all("crisis_alerts.evidence")[0], "reason") == "a good reason");
    h.evidence_text.clear();
    CHECK(contains(h.read("a good reason").body, R"("text":"","signals":[])"));
    h.evidence_text = sealed("crisis_alerts/another");
    CHECK(h.read("a good reason").status == 500);
}

TEST_CASE("EZRI-38: alerts are for the roles crisis, admin and super") {
    alerts_fixture h;
    for (const auto* role : {"user", "crisis", "admin", "super"}) {
        h.role = role;
        h.sessions.invalidate(h.session);
        const bool works = role != std::string("user");
        CHECK((h.change(R"({"status":"reviewed"})").status == 200) == works);
        CHECK((h.ask(h.request(verb::get, std::string(alerts))).status == 403) != works);
    }
    CHECK(h.ask(h.request(verb::get, std::string(alerts) + "/x")).status == 404);
}
