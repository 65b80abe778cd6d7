#include "workers/moderation/crisis.hpp"

#include "events/crisis.hpp"
#include "platform/base/json.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/sample_events.hpp"
#include "workers/moderation/moderation.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::workers;
using moderation::crisis_decision;
using moderation::stored_state;
using safety::path;
using safety::state;

namespace {

constexpr std::string_view samaritans =
    R"({"id":"gb1","country":"GB","kind":"suicide","name":"Samaritans","dial":"116 123","sms":null,"url":null})";
constexpr std::string_view shout = R"({"id":"gb2","country":"GB","kind":"text_line","name":"Shout","dial":null,)"
                                   R"("sms":{"number":"85258","keyword":"SHOUT"},"url":null})";
constexpr std::string_view emergency =
    R"({"id":"gb3","country":"GB","kind":"emergency","name":"Emergency","dial":"999","sms":null,"url":null})";

moderation::safety_data data_of_britain() {
    moderation::safety_data out;
    std::vector<sql::crisis::resource> lines;
    for (const auto json : {samaritans, shout, emergency}) {
        const auto kind = json == emergency ? "emergency" : "suicide";
        lines.push_back({"GB", kind, std::nullopt, std::nullopt, std::string(json)});
    }
    out.resources = std::make_shared<const std::vector<sql::crisis::resource>>(std::move(lines));
    return out;
}

const seal::key evidence = seal::key::of(secret("an evidence key of 32 bytes, or more"), "evidence");

struct screening {
    moderation::judgement judged;
    std::string stored;  // JSON; empty: none
    json::document json;
};
screening screened(const events::chat_requested& event, stored_state before = {},
    const moderation::safety_data& data = data_of_britain(), const moderation::person& whose = {"en", "GB"}) {
    safety::term_screen no_terms;
    auto judged = moderation::judge(event, no_terms, *data.gate, std::move(before));
    auto stored =
        moderation::safety_record(event, judged.checked, judged.before, judged.decision, data, whose, evidence);
    const auto text = stored.value_or("");
    auto parsed = json::document::parse(text.empty() ? "null" : text);
    return {std::move(judged), text, std::move(*parsed)};
}

// The row of a stored fixed reply.
sql::generations::end end_with(std::string_view message) {
    sql::generations::end out;
    out.state = "completed";
    out.provider = sql::generations::own_provider;
    out.model = sql::generations::crisis_model;
    out.epoch = 1;
    out.offset = 2;
    out.finished_at = some_time;
    out.message = message;
    return out;
}

}  // namespace

TEST_CASE("a message without a sign stores nothing for safety") {
    CHECK(screened(requested("m", "what is for dinner")).stored.empty());
}

TEST_CASE("EZRI-31 EZRI-35: a message of high risk is answered by us, with the lines of the person's country") {
    const auto got = screened(requested("m", "I want to end my life"));
    REQUIRE(got.judged.decision);
    CHECK(got.judged.decision->way == path::help);
    CHECK(got.judged.decision->country == "GB");
    CHECK(got.judged.found.action == "review");
    CHECK(got.judged.found.reason == "crisis:help");
    const auto root = got.json.root();
    CHECK(root["version"].integer() == 0);
    CHECK(root["state"]["state"].string() == "HIGH_RISK");
    CHECK(root["state"]["version"].integer() == 1);
    CHECK(root["metadata"]["crisis_resources"].size() == 3);
    CHECK(root["flag"]["flag_reason"].string() == "suicide");
    const auto reply = std::string(root["reply"].string().value_or(""));
    CHECK(contains(reply, "Your wellbeing matters"));
    CHECK(contains(reply, "\n• Samaritans: 116 123\n• Shout: SMS SHOUT → 85258\n• Emergency: 999"));
}

TEST_CASE("EZRI-36: an alert names rules and keeps the words sealed") {
    const auto event = requested("m", "I want to end my life tonight");
    const auto got = screened(event);
    const auto alert = got.json.root()["alert"];
    CHECK(alert["severity"].string() == "critical");
    CHECK(alert["trigger_type"].string() == "suicide");
    CHECK(alert["signals"].size() > 0);
    CHECK_FALSE(contains(got.judged.decision->json(), "tonight"));
    const auto id = std::string(alert["id"].string().value_or(""));
    CHECK(id == got.judged.decision->alert->text());
    const auto opened = seal::open(evidence, alert["context"].string().value_or(""), "crisis_alerts/" + id);
    REQUIRE(opened);
    CHECK(contains(*opened, event.content));
    CHECK(screened(event).judged.decision->alert == got.judged.decision->alert);
}

TEST_CASE("EZRI-34: concern is asked about, and the stored state decides on the answer") {
    const auto first = screened(requested("m", "I feel like I can't go on"));
    REQUIRE(first.judged.decision);
    CHECK(first.judged.decision->way == path::ask);
    CHECK_FALSE(first.judged.decision->alert);
    const auto stored = stored_state::parse(first.json.root()["state"].text());
    CHECK(stored.version == 1);
    CHECK(stored.state.asked);
    const auto yes = screened(requested("n", "yes"), stored);
    CHECK(yes.judged.decision->way == path::help);
    CHECK(yes.judged.decision->old_state == state::elevated_concern);
    CHECK(yes.json.root()["version"].integer() == 1);
    CHECK(yes.json.root()["state"]["version"].integer() == 2);
    CHECK(screened(requested("n", "yes")).stored.empty());
}

TEST_CASE("the turns that a caller sends along count like those of a conversation") {
    auto event = requested("m", "yes");
    event.listed = false;
    event.parameters.text = R"({"turns":[{"role":"user","content":"I feel like I can't go on"},)"
                            R"({"role":"assistant","content":"Do you think of ending your life?"},)"
                            R"({"role":"user","content":"yes"}]})";
    CHECK(screened(event).judged.decision->way == path::help);
}

TEST_CASE("a state that has nothing to remember is deleted") {
    stored_state before{7, {.now = state::elevated_concern, .calm = 4}};
    const auto got = screened(requested("m", "The soup was good"), before);
    CHECK(got.json.root()["state"].is_null());
    CHECK(got.json.root()["version"].integer() == 7);
    CHECK(got.judged.decision->new_state == state::normal);
}

TEST_CASE("a crisis outweighs a blocked term, and a blocked term outweighs caution") {
    safety::term_screen terms;
    terms.load(R"([{"term": "damn", "category": "profanity", "action": "block"}])");
    const safety::gate gate;
    const auto help = moderation::judge(requested("m", "damn, I want to kill myself"), terms, gate);
    CHECK(help.found.action == "review");
    CHECK(help.found.categories == std::vector<std::string>{"suicide", "profanity"});
    const stored_state before{1, {.now = state::safety_mode, .concerned = {}}};
    CHECK(moderation::judge(requested("m", "damn weather"), terms, gate, before).found.action == "block");
}

TEST_CASE("EZRI-37: what follows a decision is the same when it comes from the stored one") {
    const auto event = requested("m", "I want to end my life");
    const auto got = screened(event);
    const auto end =
        end_with(json::object().add("content", "help").add_raw("metadata", got.json.root()["metadata"].text()).text());
    after_commit first, again;
    add_consequences(first, event, *got.judged.decision, end, "");
    add_consequences(again, event, *crisis_decision::parse(got.judged.decision->json()), end, "");
    REQUIRE(first.frames.size() == 3);
    CHECK(first.frames[0].type == events::frame_type::start);
    CHECK(first.frames[1].more == R"("content":"help")");
    CHECK(first.frames[2].type == events::frame_type::complete);
    CHECK(first.frames[2].position == events::position{1, 2});
    std::vector<std::string> channels;
    for (const auto& one : first.announcements) channels.push_back(one.channel);
    const auto mine = events::channel_of(event.user);
    CHECK(channels ==
          std::vector<std::string>{events::channel_of(event.conversation), mine, mine, mine, "crisis", "admin"});
    CHECK(contains(first.announcements[2].frame, "Samaritans"));
    CHECK(contains(first.announcements[3].frame, R"("new_state":"HIGH_RISK")"));
    CHECK_FALSE(contains(first.announcements[4].frame, "end my life"));
    std::vector<std::string> topics;
    for (const auto& one : first.events) topics.push_back(one.topic);
    CHECK(topics == std::vector<std::string>{"chat.finished.v1", "crisis.detected.v1"});
    REQUIRE(again.events.size() == first.events.size());
    for (std::size_t i = 0; i < first.events.size(); ++i) {
        CHECK(again.events[i].value == first.events[i].value);
        CHECK(again.events[i].headers == first.events[i].headers);
    }
    for (std::size_t i = 0; i < first.announcements.size(); ++i)
        CHECK(again.announcements[i].frame == first.announcements[i].frame);
}

TEST_CASE("EZRI-33: a product that stores sentiment has it in each reply's metadata") {
    auto data = data_of_britain();
    data.stores_sentiment = true;
    const auto got = screened(requested("m", "the soup was bad"), {}, data);
    const auto metadata = got.json.root()["metadata"];
    CHECK(metadata["safety_state"].string() == "NORMAL");
    CHECK(metadata["sentiment_score"].number().value_or(1) < 0);
    CHECK_FALSE(got.json.root()["state"].exists());
    CHECK_FALSE(got.json.root()["decision"].exists());
}

TEST_CASE("each fixed reply exists in the languages of detection") {
    for (const auto& language : safety::built_in().languages()) {
        if (language == "any") continue;
        for (const auto way : {path::help, path::ask}) {
            CAPTURE(language);
            const auto text = moderation::fixed_reply(way, language, "[]");
            CHECK(text.size() > 100);
            CHECK((language == "en") == (text == moderation::fixed_reply(way, "xx", "[]")));
        }
    }
}
