#include "platform/safety/term_stream.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <random>
#include <vector>

using namespace airi;
using safety::term_stream;

namespace {

std::shared_ptr<const safety::blocked_terms> terms() {
    static const auto out = std::make_shared<const safety::blocked_terms>(R"([
        {"term": "bad", "category": "profanity", "action": "warn"},
        {"term": "kill you", "category": "violence", "action": "block"},
        {"term": "kill all of us", "category": "violence", "action": "block"},
        {"term": "i die", "category": "violence", "action": "block"},
        {"term": "scope", "category": "spam", "action": "block"},
        {"term": "q r", "category": "spam", "action": "block"},
        {"term": "死ね", "category": "violence", "action": "block"}])");
    return out;
}

// The terms and patterns beside them.
std::shared_ptr<const safety::blocked_terms> patterns() {
    static const auto out = [] {
        auto json = terms()->json();
        json.pop_back();
        return std::make_shared<const safety::blocked_terms>(json + R"json(,
            {"term": "k[i1]l{1,2} .{1,9}(die|of) ", "category": "hate", "action": "block", "pattern": true},
            {"term": "badge (b|[0-9]{1,2})", "category": "spam", "action": "warn", "pattern": true},
            {"term": "(us|all) of (us|all|badge)", "category": "hate", "action": "block", "pattern": true}])json");
    }();
    return out;
}

// The text shown after each piece, separated by bars, then the action.
std::string shown(
    const std::vector<std::string>& pieces, const std::shared_ptr<const safety::blocked_terms>& list = terms()) {
    term_stream stream(list);
    std::string text, out;
    std::size_t before = 0;
    const auto show = [&] {
        out += text.substr(before, stream.checked() - before) + "|";
        before = stream.checked();
    };
    for (const auto& piece : pieces) {
        text += piece;
        stream.append(piece);
        show();
    }
    stream.finish();
    show();
    return out + stream.found().action;
}

std::size_t next_character(std::string_view text, std::size_t at) {
    do ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
    return at;
}

}  // namespace

TEST_CASE("text that begins no term is shown with its piece") {
    CHECK(shown({"Hel", "lo", ", how are", " you?"}) == "Hel|lo|, how are| you?||allow");
    CHECK(shown({"Die", "n"}) == "Die|n||allow");
    CHECK(term_stream(std::make_shared<const safety::blocked_terms>()).checked() == 0);
}

TEST_CASE("a term split over three pieces shows none of it") {
    CHECK(shown({"I will ki", "ll y", "ou now"}) == "I will||||block");
    CHECK(shown({"So: k", " i l", " l yo", "u"}) == "So|||||block");
    CHECK(shown({"we k1l", "l y0", "u."}) == "we||||block");
    CHECK(shown({"we ki\xE2\x80\x8B", "ll", " you"}) == "we||||block");
    CHECK(shown({"sc", "op", "e", "s"}) == "|||scopes||allow");
    CHECK(shown({"ѕс", "ор", "е"}) == "||||block");
    CHECK(shown({"q", " ", "r"}) == "||||block");
}

TEST_CASE("a beginning that becomes no term is shown as soon as that is certain") {
    CHECK(shown({"kill", " your", " time"}) == "|kill your| time||allow");
    CHECK(shown({"k", "ind"}) == "|kind||allow");
    CHECK(shown({"I", " am"}) == "|I am||allow");
    CHECK(shown({"kill"}) == "|kill|allow");
}

TEST_CASE("a term that warns is shown and found, and nothing follows one that blocks") {
    CHECK(shown({"a ", "bad", " day"}) == "a ||bad day||warn");
    CHECK(shown({"so bad, kill you", " and more"}) == "so bad|||block");
}

TEST_CASE("AIRI-33: a match of a blocking pattern that is split over pieces shows none of it") {
    const auto list = std::make_shared<const safety::blocked_terms>(
        R"([{"term": "call [0-9]{3} [0-9]{4}", "category": "spam", "action": "block", "pattern": true}])");
    CHECK(shown({"So, ca", "ll 5", "55 12", "34 now"}, list) == "|||So||block");
    CHECK(shown({"So, call 555 and others", " are well"}, list) == "So|, call 555| and others are well|allow");
    CHECK(shown({"Hello"}, list) == "|Hello|allow");
    const auto warning = std::make_shared<const safety::blocked_terms>(
        R"([{"term": "call [0-9]{3} [0-9]{4}", "category": "spam", "action": "warn", "pattern": true}])");
    CHECK(shown({"So, call 555", " 1234 "}, warning) == "So, call 555| 1234 ||warn");
}

TEST_CASE("a text in random pieces shows no term, and has the verdict of the whole") {
    std::mt19937 random(17);
    const auto one_of = [&](const auto& list) { return list[random() % list.size()]; };
    const std::vector<std::string> words{"kill", "you", "k", "i", "l", "l", "KILL", "k1ll", "y0u", "all", "of", "us",
        "die", "d.i.e", "bad", "badge", "b", "a", "d", "scope", "ѕсоре", "scо", "pe", "q", "r", "xq", "死ね", "死",
        "ね", "😀", "kіll", "yоu", "don't", "é", "$cope", "s", "c", "o", "p", "e", "\xE2\x80\x8B", "kiiill", "ki*ll",
        "12", "3", "you’re"};
    const std::vector<std::string> gaps{
        " ", " ", " ", " ", ".", "-", ", ", "\n", "", "  ", "…", "!", "'", "、", "\xC2\xA0", " – ", "·"};
    int blocked = 0;
    for (int round = 0; round < 20'000; ++round) {
        const auto list = round % 2 == 0 ? terms() : patterns();
        std::string text;
        for (auto n = random() % 9 + 1; n > 0; --n) text += one_of(words) + one_of(gaps);
        const auto whole = list->screen(text);
        term_stream stream(list);
        for (std::size_t at = 0; at < text.size();) {
            auto end = next_character(text, at);
            while (end < text.size() && random() % 3 != 0) end = next_character(text, end);
            stream.append(std::string_view(text).substr(at, end - at));
            at = end;
            const auto seen = std::string_view(text).substr(0, stream.checked());
            if (list->screen(seen).blocks()) FAIL_CHECK("'", text, "' shows '", seen, "'");
        }
        stream.finish();
        CAPTURE(text);
        REQUIRE(stream.blocks() == whole.blocks());
        blocked += whole.blocks();
        if (whole.blocks()) {
            REQUIRE(list->screen(std::string_view(text).substr(stream.checked())).blocks());
        } else {
            REQUIRE(stream.checked() == text.size());
            REQUIRE(stream.found().action == whole.action);
            REQUIRE(stream.found().categories == whole.categories);
            REQUIRE(stream.found().confidence == whole.confidence);
        }
    }
    CHECK(blocked > 1'000);
    CHECK(blocked < 19'000);
}

TEST_CASE("a delta is checked in microseconds, whatever the length of the reply and of the list") {
    std::string list = "[";
    for (int i = 0; i < 20'000; ++i)
        list += (i ? "," : "") + std::string(R"({"term":"term)") + std::to_string(i) +
                R"( of the list","category":"c","action":"block"})";
    const auto many = std::make_shared<const safety::blocked_terms>(list + "]");
    using clock = std::chrono::steady_clock;
    for (const std::string_view text :
        {" I went to the market with my sister", " 1,2,3,4,5,6,7,8", "abcdefghabcdefgh"}) {
        term_stream stream(many);
        constexpr int pieces = 4'000;
        const auto start = clock::now();
        for (int i = 0; i < pieces; ++i)
            stream.append(text.substr(static_cast<std::size_t>(i) * 4 % (text.size() - 3), 4));
        const auto each = (clock::now() - start) / pieces;
        MESSAGE(std::chrono::duration_cast<std::chrono::nanoseconds>(each).count(), " ns for each delta of 4 bytes");
        CHECK(each < std::chrono::microseconds(100));
    }
}
