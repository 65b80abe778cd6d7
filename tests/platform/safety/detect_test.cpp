#include "platform/safety/detect.hpp"

#include <doctest/doctest.h>

#include <array>

#include "tests/support/cpp/labelled_phrases.hpp"
#include "tests/support/cpp/source_tree.hpp"

using namespace airi;
using safety::level;

namespace {

safety::observation observe(std::string_view text) { return safety::observe(text, safety::built_in()); }

safety::dismissal reason(std::string_view text) {
    const auto found = observe(text);
    REQUIRE_FALSE(found.signals.empty());
    CHECK(found.worst < level::medium);
    return found.signals[0].because;
}

}  // namespace

TEST_CASE("EZRI-32: a documented keyword in the writer's own words is found at its level") {
    for (const auto* text : {"I am thinking about suicide", "I will kill myself", "I will end my life",
             "My life is not worth living", "I want to die", "I am better off dead"})
        CHECK_MESSAGE(observe(text).worst == level::high, text);
    for (const auto* text : {"self harm is on my mind", "I hurt myself", "I think of cutting", "I feel hopeless",
             "I can't go on", "I give up"})
        CHECK_MESSAGE(observe(text).worst >= level::medium, text);
    for (const auto* text : {"I am depressed", "I feel anxious", "I am struggling", "I am overwhelmed"})
        CHECK_MESSAGE(observe(text).worst == level::low, text);
    CHECK(observe("I like gardening").signals.empty());
}

TEST_CASE("EZRI-32: a phrase counts by person, time and context") {
    using enum safety::dismissal;
    CHECK(reason("I want to die of laughter") == idiom);
    CHECK(reason("I don't want to die") == negated);
    CHECK(reason("Nunca voy a matarme") == negated);
    CHECK(reason("the song 'kill myself' is loud") == quoted);
    CHECK(reason("My friend will commit suicide") == third_person);
    CHECK(reason("When I was 15 I wanted to kill myself") == past);
    CHECK(reason("I will kill my boss lol") == joke);
    CHECK(observe("I want to die lol").worst == level::medium);
    CHECK(observe("I want to die lol, goodbye").worst == level::high);
}

TEST_CASE("EZRI-32: what looks like a negation and is none cancels nothing") {
    for (const auto* text : {"I can't stop thinking about killing myself", "I not only want to die, I will",
             "Not kidding, I want to die", "I'm not okay, I want to die", "No one helps, I want to die",
             "I used to want to die and now I want to die again", "no dejo de pensar en matarme",
             "je n'arrête pas de penser à me tuer", "não paro de pensar em me matar"})
        CHECK_MESSAGE(observe(text).worst == level::high, text);
}

TEST_CASE("EZRI-32: a disguised word or a slip of the finger is the word") {
    for (const auto* text : {"i w4nt to d1e", "I want to k i l l myself", "I wаnt to dіе", "kill my\u200Bself, i will",
             "i wnat to die", "i will kil myslef", "I want to dieeee"})
        CHECK_MESSAGE(observe(text).worst == level::high, text);
    CHECK(observe("I am putting myself to bed").worst == level::none);
}

TEST_CASE("EZRI-32: the labelled phrases are recognised: every high one, and harmless ones not") {
    const auto phrases = test::read_phrases(test::source_root() / "tests/safety/phrases.tsv");
    REQUIRE(phrases.size() >= 400);
    int harmless = 0, false_alarms = 0;
    for (const auto& p : phrases) {
        const auto is = test::reached(p, safety::built_in(), {});
        if (p.label == "high") CHECK_MESSAGE(is >= safety::state::high_risk, p.id, " ", p.text);
        if (p.label != "harmless") continue;
        ++harmless;
        false_alarms += is >= safety::state::high_risk;
    }
    CHECK(false_alarms * 1000 < harmless * 5);
}

TEST_CASE("EZRI-33: the sentiment is signed, and the words of a sign are not weighed twice") {
    const auto sad = observe("Everything is terrible, awful and horrible, I cried in pain");
    CHECK(sad.negative > 0.9);
    CHECK(sad.sentiment() == -sad.negative);
    const auto low = observe("It was a sad, bad and dark day");
    CHECK(low.negative > 0.7);
    CHECK(low.negative < 0.9);
    CHECK(observe("I am happy, it was wonderful, thanks").sentiment() > 0.7);
    CHECK(observe("The train leaves at nine").sentiment() == 0);
    CHECK(observe("I am not sad").negative == 0);
    CHECK(observe("I am depressed").negative == 0);
}

TEST_CASE("the lines of a profile are read beside the rules, and a line that cannot be read is an error") {
    const safety::rules more(safety::built_in_files(), "high suicide: visit the grey swan");
    CHECK(safety::observe("I will visit the grey swan", more).worst == level::high);
    CHECK(more.version() != safety::built_in().version());
    for (const auto* line : {"high", "high fun: a", "nothing: a", "high suicide: (a", "high suicide: @none",
             "high suicide: a |", "idiom fun: a"})
        CHECK_THROWS_AS(safety::rules({}, line), std::invalid_argument);
}

TEST_CASE("the patterns end with the sentence, and gaps pass over no negation") {
    const safety::rules rules({}, "negation: not\nhigh suicide: red _2 fox");
    const auto found = [&](std::string_view text) { return safety::observe(text, rules).worst; };
    CHECK(found("a red and quick fox") == level::high);
    CHECK(found("a red fox") == level::high);
    CHECK(found("a red and quick brown fox") == level::none);
    CHECK(found("a red, not fox") == level::none);
    CHECK(found("a red. fox") == level::none);
}
