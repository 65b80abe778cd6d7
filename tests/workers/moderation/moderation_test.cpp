#include "workers/moderation/moderation.hpp"

#include "events/moderation.hpp"
#include "platform/base/json.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;

namespace {

constexpr std::string_view terms = R"([
    {"term": "kill", "category": "violence", "action": "block"},
    {"term": "odd", "category": "spam", "action": "review"},
    {"term": "darn", "category": "profanity", "action": "warn"}])";

safety::term_screen screen_of(std::string_view list) {
    safety::term_screen out;
    out.load(list);
    return out;
}

kafka::message carrying(const events::chat_requested& event) {
    return {"chat.requested.v1", 0, 7, some_time, event.conversation.text(), events::encode(event),
        {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}};
}

const seal::master master{secret("an encryption key of 32 bytes, or more")};
const seal::keyring evidence{secret("an evidence key of 32 bytes, or more"), {}, "evidence"};

// Its text as the gateway publishes it.
events::chat_requested seal_event(events::chat_requested event, const seal::key& with) {
    event.content = seal::seal(with, event.content, event.place("content"));
    event.parameters.text =
        json::object().add("sealed", seal::seal(with, event.parameters.text, event.place("parameters"))).text();
    event.sealed = true;
    return event;
}

// Somebody's key as Postgres has it, and who asks for it.
struct key_fixture {
    loop io;
    fake_database database;
    std::vector<postgres::bound> stored;  // messages
    std::string screened;                 // what messages_screen returns of one; empty: nothing
    bool minor = false;
    std::shared_ptr<const seal::key> key = std::make_shared<const seal::key>(seal::key::fresh());
    moderation::user_keys keys{io.on(), database, master};
    safety::term_screen in_force = screen_of(terms);
    moderation::safety_data safety;
    std::shared_ptr<const moderation::thresholds> rules = std::make_shared<const moderation::thresholds>();
    moderation::ports ports{database, keys, in_force, safety, evidence, rules};
    worker moderates = moderation::declare(ports);

    key_fixture() {
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            postgres::rows out;
            if (asked.statement->name == "messages.screen") {
                stored.push_back(asked);
                if (!screened.empty()) return cell(screened);
            }
            if (asked.statement->name != "user_keys.get" || !key) return out;
            out.columns_ = 4;
            out.cells_ = {requested().user.text(), master.wrap(*key, requested().user), minor ? "t" : "f", "free"};
            return out;
        };
    }
    result<effects> handle(const events::chat_requested& event) {
        const auto message = carrying(event);
        return io.run(moderates.handle(record{message}));
    }
};

// What is stored for a message in a new conversation, and what follows.
effects judged(const events::chat_requested& event) {
    const auto message = carrying(event);
    const moderation::safety_data data;
    auto in_force = screen_of(terms);
    auto got = moderation::judge(event, in_force, *data.gate);
    const auto safety =
        moderation::safety_record(event, got.checked, got.before, got.decision, data, {}, evidence, {}, got.held());
    effects out;
    const auto& [action, categories, confidence, reason] = got.found;
    out.statements.push_back(sql::generations::screen(event, {action, categories, confidence, reason}, safety));
    out.after = moderation::after_judgement(
        event, got.found, got.decision, std::nullopt, record{message}, got.held() ? "held" : "");
    return out;
}

const events::outgoing& event_of(const effects& all, std::string_view topic) {
    for (const auto& e : all.after.events)
        if (e.topic == topic) return e;
    FAIL("no event on " << topic);
    return all.after.events.front();
}

bool has_event(const effects& all, std::string_view topic) {
    return std::any_of(
        all.after.events.begin(), all.after.events.end(), [&](const auto& e) { return e.topic == topic; });
}

std::string header_of(const events::outgoing& out, std::string_view name) {
    for (const auto& [n, value] : out.headers)
        if (n == name) return value;
    return "none";
}

bool same(const effects& a, const effects& b) {
    if (a.statements.size() != b.statements.size() || a.after.events.size() != b.after.events.size()) return false;
    for (std::size_t i = 0; i < a.statements.size(); ++i)
        if (a.statements[i].parameters != b.statements[i].parameters) return false;
    for (std::size_t i = 0; i < a.after.events.size(); ++i) {
        const auto &x = a.after.events[i], &y = b.after.events[i];
        if (x.topic != y.topic || x.key != y.key || x.value != y.value || x.headers != y.headers) return false;
    }
    return a.after.frames.size() == b.after.frames.size();
}

}  // namespace

TEST_CASE("a redelivered message has the same effects, down to the ids of its events") {
    for (const auto text : {"hello", "kill", "odd", "darn"}) {
        CAPTURE(text);
        CHECK(same(judged(requested("m", text)), judged(requested("m", text))));
    }
    const auto one = judged(requested("m", "hello")), other = judged(requested("n", "hello"));
    CHECK(header_of(event_of(one, "chat.screened.v1"), "ce_id") !=
          header_of(event_of(other, "chat.screened.v1"), "ce_id"));
    CHECK(header_of(event_of(one, "chat.screened.v1"), "ce_id") !=
          header_of(event_of(one, "moderation.decided.v1"), "ce_id"));
}

TEST_CASE("a harmless message is stored and passed on in the order of its conversation") {
    const auto event = requested("m", "hello");
    const auto out = judged(event);
    REQUIRE(out.statements.size() == 1);
    CHECK(out.statements[0].statement->name == "messages.screen");
    CHECK(parameter(out.statements[0], "action") == "allow");
    CHECK(parameter(out.statements[0], "content") == "hello");
    CHECK(parameter(out.statements[0], "message") == event.message.text());
    CHECK(parameter(out.statements[0], "parameters") == event.parameters.text);
    CHECK(out.after.frames.empty());
    CHECK_FALSE(has_event(out, "chat.finished.v1"));
    const auto& passed = event_of(out, "chat.screened.v1");
    CHECK(passed.key == event.conversation.text());
    CHECK(header_of(passed, "traceparent").starts_with("00-0af7"));
    const auto read = events::decode<events::chat_screened>(passed.value);
    REQUIRE(read);
    CHECK(read->generation == event.generation);
    CHECK(read->created_at == event.created_at);
}

TEST_CASE("AIRI-23: a message that came too late fails and is not answered, and the replies it replaces are stopped") {
    key_fixture h;
    const auto event = seal_event(requested("m", "hello"), *h.key);
    h.screened = R"({"repeated":true,"decision":null,"end":null,"lost":"message_replaced","stopped":null})";
    const auto lost = h.handle(event);
    REQUIRE(lost);
    CHECK_FALSE(has_event(*lost, "chat.screened.v1"));
    const auto finished = events::decode<events::chat_finished>(event_of(*lost, "chat.finished.v1").value);
    REQUIRE(finished);
    CHECK(finished->state == "failed");
    CHECK(finished->error_code == "message_replaced");
    REQUIRE(lost->after.frames.size() == 1);
    CHECK(lost->after.frames[0].type == events::frame_type::failed);
    const auto other = generation_id::fresh();
    h.screened = R"({"repeated":false,"decision":null,"end":null,"lost":null,"stopped":[")" + other.text() + R"("]})";
    const auto won = h.handle(event);
    REQUIRE(won);
    CHECK(has_event(*won, "chat.screened.v1"));
    CHECK(won->after.cancelled == std::vector{other});
}

TEST_CASE("a blocked message is rejected towards its client and not answered") {
    const auto event = requested("m", "I will kill");
    const auto out = judged(event);
    CHECK(parameter(out.statements.at(0), "action") == "block");
    CHECK(parameter(out.statements.at(0), "categories") == R"({"violence"})");
    REQUIRE(out.after.frames.size() == 1);
    CHECK(out.after.frames[0].type == events::frame_type::rejected);
    CHECK(out.after.frames[0].ids.generation == event.generation);
    CHECK(out.after.frames[0].more == R"("reason":"blocked_term:violence","safety_state":"block")");
    CHECK_FALSE(has_event(out, "chat.screened.v1"));
    const auto finished = events::decode<events::chat_finished>(event_of(out, "chat.finished.v1").value);
    REQUIRE(finished);
    CHECK(finished->state == "rejected");
    CHECK(finished->error_code == "blocked_term:violence");
    CHECK(finished->cost_nanousd == 0);
    const auto decided = events::decode<events::moderation_decided>(event_of(out, "moderation.decided.v1").value);
    REQUIRE(decided);
    CHECK(decided->action == "block");
    CHECK(decided->category == "violence");
}

TEST_CASE("a message with a warning passes, and its verdict is stored") {
    const auto out = judged(requested("m", "darn"));
    CHECK(has_event(out, "chat.screened.v1"));
    CHECK_FALSE(has_event(out, "chat.finished.v1"));
    CHECK(out.after.frames.empty());
    CHECK(parameter(out.statements.at(0), "action") == "warn");
    CHECK(events::decode<events::moderation_decided>(event_of(out, "moderation.decided.v1").value)->action == "warn");
}

TEST_CASE("AIRI-33: a message for review goes to no model, and its client learns that it waits") {
    const auto event = requested("m", "odd");
    const auto out = judged(event);
    CHECK_FALSE(has_event(out, "chat.screened.v1"));
    CHECK_FALSE(has_event(out, "chat.finished.v1"));
    REQUIRE(out.after.frames.size() == 1);
    CHECK(out.after.frames[0].type == events::frame_type::held);
    CHECK(out.after.frames[0].position < events::position{1, 0});
    CHECK(out.after.frames[0].more == R"("reason":"blocked_term:spam")");
    CHECK(parameter(out.statements.at(0), "action") == "review");
    CHECK(contains(parameter(out.statements.at(0), "safety"), R"("held":true)"));
    CHECK(events::decode<events::moderation_decided>(event_of(out, "moderation.decided.v1").value)->action == "review");

    const auto message = carrying(event);
    const safety::verdict found{"review", {"spam"}, 1, "blocked_term:spam"};
    const auto decided = moderation::after_judgement(event, found, {}, {}, record{message}, "allowed");
    CHECK(decided.frames.empty());
    CHECK(std::ranges::none_of(decided.events, [](const auto& e) { return e.topic == "chat.screened.v1"; }));
}

TEST_CASE("moderation's own event contains no text of the message") {
    const auto out = judged(requested("m", "I will kill the dragon"));
    CHECK_FALSE(contains(event_of(out, "moderation.decided.v1").value, "dragon"));
    CHECK_FALSE(contains(event_of(out, "chat.finished.v1").value, "dragon"));
}

TEST_CASE("a blocked term in any turn that the caller sends along blocks the message like one in the message") {
    auto in_force = screen_of(terms);
    const moderation::safety_data data;
    const auto found = [&](std::string_view turns) {
        auto event = requested("m", "go on");
        event.parameters.text = "{\"turns\":[" + std::string(turns) + R"({"role":"user","content":"go on"}]})";
        return moderation::judge(event, in_force, *data.gate).found;
    };
    for (const auto* role : {"user", "system", "developer", "assistant"}) {
        CAPTURE(role);
        const auto turn = json::object().add("role", role).add("content", "they k1ll").text();
        CHECK(found(turn + ",").reason == "blocked_term:violence");
        CHECK(found(R"({"role":"user","content":"odd"},)" + turn + ",").action == "block");
    }
    CHECK(found(R"({"role":"system","content":"Be odd."},)").action == "review");
    CHECK(found(R"({"role":"system","content":"Be kind."},)").action == "allow");
    CHECK(found("").action == "allow");
}

TEST_CASE("a message that is given up ends as failed, with the same ids each time") {
    const auto event = requested("m", "hello");
    const auto message = carrying(event);
    const auto out = moderation::give_up(event, record{message});
    CHECK(same(out, moderation::give_up(event, record{message})));
    CHECK(out.statements.at(0).statement->name == "messages.abandon");
    CHECK(out.after.frames.at(0).type == events::frame_type::failed);
    CHECK(events::decode<events::chat_finished>(event_of(out, "chat.finished.v1").value)->state == "failed");
    // Whatever end it has, it has one: both would be the same event.
    CHECK(header_of(event_of(out, "chat.finished.v1"), "ce_id") ==
          header_of(event_of(judged(requested("m", "kill")), "chat.finished.v1"), "ce_id"));
}

TEST_CASE("the moderation worker uses the terms in force at each message") {
    key_fixture h;
    h.in_force.load("[]");
    const auto before = h.handle(requested("m", "kill"));
    REQUIRE(before);
    CHECK(has_event(*before, "chat.screened.v1"));
    h.in_force.load(terms);
    const auto after = h.handle(requested("m", "kill"));
    REQUIRE(after);
    CHECK_FALSE(has_event(*after, "chat.screened.v1"));
}

TEST_CASE("the moderation worker keeps its topic and group") {
    key_fixture h;
    const auto& worker = h.moderates;
    CHECK(worker.name == "moderation");
    CHECK(worker.topic == "chat.requested.v1");
    CHECK(worker.retry.keep_order);
    const kafka::message rubbish{"chat.requested.v1", 0, 0, some_time, "k", "{", {}};
    CHECK(h.io.run(worker.handle(record{rubbish})).error() == failure::refused);
    CHECK(worker.give_up(record{rubbish}).statements.empty());
}

TEST_CASE("SAAS-25: a sealed message is opened, screened and stored with its original text") {
    key_fixture h;
    const auto said = requested("m", "I will kill"), kind = requested("n", "hello");
    for (const auto& event : {said, kind}) {
        const auto got = h.handle(seal_event(event, *h.key));
        REQUIRE(got);
        CHECK(got->statements.empty());
        auto all = *got;
        all.statements = {h.stored.back()};
        CHECK(same(all, judged(event)));
    }
    CHECK(parameter(h.stored.back(), "content") == "hello");
    CHECK(parameter(h.stored.back(), "parameters") == kind.parameters.text);
    CHECK(h.database.use.calls() == 3);
}

TEST_CASE("a message whose key is gone, or that was moved or changed, fails without a dead letter") {
    key_fixture h;
    const auto sealed = seal_event(requested("m", "hello"), *h.key);
    auto moved = seal_event(requested("n", "hello"), *h.key);
    moved.content = sealed.content;
    auto bare = sealed;
    bare.parameters.text = R"({"max_tokens":1})";
    const auto ends = [&](const events::chat_requested& event) {
        const auto out = h.handle(event);
        REQUIRE(out);
        CHECK(out->statements.at(0).statement->name == "messages.abandon");
        CHECK(out->after.events.empty());
        const auto told = out->after_from_rows({cell("t")});
        CHECK(told.frames.at(0).type == events::frame_type::failed);
        CHECK(events::decode<events::chat_finished>(told.events.at(0).value)->error_code == "unreadable");
        CHECK_FALSE(contains(told.events.at(0).value, event.content));
        // Replayed, it keeps the end that it had.
        CHECK(out->after_from_rows({cell("f")}).events.empty());
        CHECK(out->after_from_rows({cell("f")}).frames.empty());
    };
    ends(moved);
    ends(bare);
    h.key = nullptr;
    h.keys.forget(sealed.user);
    ends(sealed);
}

TEST_CASE("a replaced key is loaded once more; during an outage of Postgres the message waits") {
    key_fixture h;
    REQUIRE(h.handle(seal_event(requested("m", "hello"), *h.key)));
    h.key = std::make_shared<const seal::key>(seal::key::fresh());
    const auto later = seal_event(requested("n", "hello"), *h.key);
    h.database.use.fail_next(1, postgres::errc::unavailable);
    CHECK(h.handle(later).error() == failure::outage);
    const auto out = h.handle(later);
    REQUIRE(out);
    CHECK(has_event(*out, "chat.screened.v1"));
}
