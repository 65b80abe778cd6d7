#include "platform/text/normalise.hpp"

#include <doctest/doctest.h>

using namespace airi;

namespace {

std::string plain(std::string_view text) { return text::normalise(text).plain(); }

}  // namespace

TEST_CASE("text that looks alike is normalised alike") {
    CHECK(plain("I want, to DIE!") == "i want to die");
    CHECK(plain("Ｉ ｗａｎｔ 𝓽𝓸 𝖉𝖎𝖊") == "i want to die");
    CHECK(plain("ki\u200Bll my\u00ADself") == "kill myself");
    CHECK(plain("ѕuісіdе") == "suicide");
    CHECK(plain("ᴋɪʟʟ 🅺🅸🅻🅻") == "kill kill");
    CHECK(plain("dieeeeee") == "diee");
    CHECK(plain("don't don’t") == "dont dont");
    CHECK(plain("Größe, señor, ça: naïve ação řež") == "grosse senor ca naive acao rez");
}

TEST_CASE("a word of another script keeps its letters") {
    CHECK(plain("мир и сон") == "мир и сон");
    CHECK(plain("हिन्दी") == "हिन्दी");
}

TEST_CASE("disguised words have the shape of the word, others have none") {
    const auto shape = [](std::string_view text) {
        const auto found = text::normalise(text);
        REQUIRE(found.words.size() == 1);
        return std::string(found.shape(found.words[0]));
    };
    const auto kill = text::shape_of("kill");
    for (const auto* word : {"k1ll", "k!ll", "kiiiill", "k.i.l.l", "k i l l", "k-i-l-l"}) CHECK(shape(word) == kill);
    CHECK(shape("$uicide") == text::shape_of("suicide"));
    CHECK(shape("su1c1d3") == text::shape_of("suicide"));
    for (const auto* word : {"kill", "2026", "self", "añejo"}) CHECK(shape(word) == "");
}

TEST_CASE("sentences, commas and quotation marks are known at their words") {
    const auto found = text::normalise("No. Yes, \"I do\" now");
    REQUIRE(found.words.size() == 5);
    CHECK(found.words[1].before == text::gap::stop);
    CHECK(found.words[2].before == text::gap::soft);
    CHECK(found.words[2].quoted);
    CHECK(found.words[3].quoted);
    CHECK_FALSE(found.words[4].quoted);
    CHECK_FALSE(text::normalise("\"I do\"").words[0].quoted);  // marks around everything quote nobody
    CHECK(text::normalise("the song 'so long' plays").words[2].quoted);
}

TEST_CASE("invalid bytes and endless words do no harm") {
    CHECK(plain("a\xFF\xC3 b\xF0\x9F") == "a b");
    CHECK(plain(std::string(100'000, 'a') + "b").size() <= 64);
    CHECK(plain("") == "");
}

TEST_CASE("a word of another script that looks like a Latin one throughout has that one's shape, and stays its own") {
    const auto posed = text::normalise("ѕсоре");
    REQUIRE(posed.words.size() == 1);
    CHECK(posed.text(posed.words[0]) == "ѕсоре");
    CHECK(posed.shape(posed.words[0]) == text::shape_of("scope"));
    for (const auto* word : {"хорошо", "да", "ок", "λόγος", "日本"}) {
        CAPTURE(word);
        for (const auto& w : text::normalise(word).words) CHECK(text::normalise(word).shape(w).empty());
    }
}
