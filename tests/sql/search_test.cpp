#include "sql/search.hpp"

#include <doctest/doctest.h>

using namespace airi;
using sql::search::vector_of;

namespace {

std::string query(std::string_view typed) { return sql::search::query(typed).text(); }
std::string shown(std::string_view typed, std::string_view content) {
    return sql::search::query(typed).highlighted(content);
}

std::string repeated(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

}  // namespace

TEST_CASE("AIRI-27: a text's words have positions, its ideographs are pairs and single ones") {
    CHECK(vector_of("The Café") == "'the':1 'cafe':2");
    CHECK(vector_of("a 上海人 b 猫") == "'a':1 '上' '上海':2 '海' '海人':3 '人' 'b':5 '猫'");
    CHECK(vector_of("") == "");
}

TEST_CASE("AIRI-27: a search takes words, words in a row, -not and or") {
    CHECK(query("zebras") == "'zebras'");
    CHECK(query("Zebras  sleep") == "'zebras' & 'sleep'");
    CHECK(query("zebras -sleep") == "'zebras' & !'sleep'");
    CHECK(query("\"the old mill\" -\"by day\"") == "('the' <1> 'old' <1> 'mill') & !('by' <1> 'day')");
    CHECK(query("cat or DOG mouse") == "'cat' | 'dog' & 'mouse'");
    CHECK(query("or") == "'or'");
    CHECK(query("cat or") == "'cat'");
    CHECK(query("e-mail") == "('e' <1> 'mail')");
    CHECK(query("猫") == "'猫'");
    CHECK(query("上海人") == "('上海' <1> '海人')");
    CHECK(query("iPhone手机A型") == "('iphone' <1> '手机' <2> 'a' & '型')");
    for (const auto* nothing : {"", " ", "'", "\"", ":*", "!!", "((", "\\", "-", "- -\"\""})
        CHECK(query(nothing) == "");
}

TEST_CASE("AIRI-27: matches are marked as they are written, and everything else is escaped") {
    CHECK(shown("zebras", "<b>zebras</b> & friends") == "&lt;b&gt;<mark>zebras</mark>&lt;/b&gt; &amp; friends");
    CHECK(shown("cafe", "Das Café, CAFÉ!") == "Das <mark>Café</mark>, <mark>CAFÉ</mark>!");
    CHECK(shown("上海 喜欢", "我家在上海东边，我喜欢猫") == "我家在<mark>上海</mark>东边，我<mark>喜欢</mark>猫");
    CHECK(shown("\"old mill\" -day", "an old mill, a mill") == "an <mark>old mill</mark>, a mill");
    CHECK(shown("-day", "by night") == "by night");
    CHECK(shown("👍", "ok 👍🏽") == "ok <mark>👍</mark>🏽");
    CHECK(shown("x", "") == "");
}

TEST_CASE("a highlight shows at most two parts of a long text") {
    const auto content =
        repeated("before ", 100) + "mill " + repeated("between ", 100) + "mill " + repeated("after ", 100) + "mill";
    const auto found = shown("mill", content);
    CHECK(found.size() < 700);
    CHECK(found.starts_with("… before"));
    CHECK(found.find("… before before before before before before before before <mark>mill</mark> between") == 0);
    CHECK(found.find(" … between") != found.npos);
    CHECK(found.ends_with("after …"));
    CHECK(shown("nowhere", content).starts_with("before"));
}

TEST_CASE("the words of any text fit into a tsvector") {
    std::string all;
    for (char32_t c = 0x4E00; c < 0x9F00; ++c)
        for (const char32_t each : {c, static_cast<char32_t>(0x4E00 + (c * 7919) % 0x5000)}) {
            all += static_cast<char>(0xE0 | each >> 12);
            all += static_cast<char>(0x80 | (each >> 6 & 0x3F));
            all += static_cast<char>(0x80 | (each & 0x3F));
        }
    CHECK(vector_of(repeated(all, 4)).size() < 6'000'000);
    const auto last = vector_of(repeated("a ", 16'382) + "b c");
    CHECK(last.ends_with("'a':16382 'b':1 'c':2"));
}
