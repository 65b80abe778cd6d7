#include "platform/text/search_words.hpp"

#include <doctest/doctest.h>

using namespace airi;

namespace {

// The words, one blank apart; ideographs that are attached to one another with a dot between.
std::string words(std::string_view text) {
    std::string out;
    for (const auto& word : text::search_words(text)) {
        if (!out.empty()) out += word.attached ? "." : " ";
        out += word.text;
    }
    return out;
}

std::string parts(std::string_view text) {
    std::string out;
    for (const auto& word : text::search_words(text))
        out += "[" + std::string(text.substr(word.begin, word.end - word.begin)) + "]";
    return out;
}

}  // namespace

TEST_CASE("AIRI-27: words of a text and of a search are folded alike, whatever the keyboard") {
    CHECK(words("The café in Malmö, Größe 2; ØRSTED, Łódź, İstanbul ISPARTA ısı") ==
          "the cafe in malmo grosse 2 orsted lodz istanbul isparta isi");
    CHECK(words("cafe\u0301 ＣＡＦＥ \U0001D4EC\U0001D4EA\U0001D4EF\U0001D4EE ca\u00ADfe\u200B") ==
          "cafe cafe cafe cafe");
    CHECK(words("l’école d'été aujourd'hui don't e-mail a@b.example") ==
          "l ecole d ete aujourd hui don t e mail a b example");
    CHECK(words("Ёлка ΆΓΙΟΣ άγιος tiếng Việt Đà Nẵng") == "елка αγιοσ αγιοσ tieng viet da nang");
    CHECK(words("مُحَمَّد محـــمد أحمد שָׁלוֹם") == "محمد محمد احمد שלום");
    CHECK(words("हिन्दी में") == "हिन्दी में");
    CHECK(words("") == "");
    CHECK(words(" \t,.!\"'\\:*()") == "");
}

TEST_CASE("AIRI-27: scripts without spaces and Korean become single characters") {
    CHECK(words("我家在上海，我喜欢猫。") == "我.家.在.上.海 我.喜.欢.猫");
    CHECK(words("日本語のテスト") == "日.本.語.の.テ.ス.ト");
    CHECK(words("번역을 부탁해") == "번.역.을 부.탁.해");
    CHECK(words("ﾊﾟﾝ か\u3099 \u1107\u1165\u11AB\u110B\u1167\u11A8") == "パ.ン が 번.역");  // half-width, apart
    CHECK(words("iPhone手机A型") == "iphone 手.机 a 型");
    CHECK(words("ฉันชอบแมว") == words("ฉันชอบ") + "." + words("แมว"));
}

TEST_CASE("AIRI-27: an emoji is a word, whatever its skin and presentation") {
    CHECK(words("ok🙂!") == "ok 🙂");
    CHECK(words("👍🏽👍") == "👍 👍");
    CHECK(words("❤️ ❤") == "❤ ❤");
    CHECK(words("👩‍💻") == "👩 💻");
}

TEST_CASE("a search word knows its place in the text") {
    CHECK(parts("Der Café-Besuch, 上海 🙂cafe\u0301!") == "[Der][Café][Besuch][上][海][🙂][cafe\u0301]");
    CHECK(parts("か\u3099ん") == "[か\u3099][ん]");
    CHECK(parts("\xFF\xC3 a\xE4") == "[a]");
}

TEST_CASE("a long word is cut at a whole character") {
    const auto found = text::search_words(std::string(1000, 'a') + " " + [] {
        std::string long_word = "x";
        for (int i = 0; i < 500; ++i) long_word += "я";
        return long_word;
    }());
    REQUIRE(found.size() == 2);
    CHECK(found[0].text.size() == 256);
    CHECK(found[0].end == 1000);
    CHECK(found[1].text.size() == 255);
}
