#include "workers/memory/prompts.hpp"

#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using airi::test::contains;
using namespace airi::workers::memory;
using sql::memories::turn;
using workers::providers::role;

TEST_CASE("AIRI-19: a title is one line without quotation marks and labels") {
    for (const auto* answer : {"A goat at sea", "\"A goat at sea\"", "  A goat at sea.\n", "Title: A goat at sea",
             "**A goat at sea**", "# A goat at sea", "“A goat at sea”", "„A goat at sea“",
             "A goat at sea\n\nIt is about a goat.", "A  goat\tat sea", "Title: \"A goat at sea.\""})
        CHECK(title_of(answer) == "A goat at sea");
    for (const auto* nothing : {"", " ", "\n\n", "\"\"", "***", "."}) CHECK(title_of(nothing) == "");
    CHECK(title_of("It's the goat's sea") == "It's the goat's sea");
    CHECK(title_of("And then...") == "And then...");
    CHECK(title_of("<b>&") == "<b>&");
}

TEST_CASE("AIRI-19: a title has at most 60 characters, in whole words") {
    const auto cut = title_of("The lighthouse keeper and his goat set out to sea in the middle of the night");
    CHECK(cut == "The lighthouse keeper and his goat set out to sea in the");
    std::string umlauts;
    for (int i = 0; i < 80; ++i) umlauts += "ü";
    CHECK(title_of(umlauts).size() == 120);
    CHECK(title_of(std::string(60, 'x')) == std::string(60, 'x'));
}

TEST_CASE("AIRI-19: the title prompt is short, has temperature 0 and the purpose title") {
    const auto asked = title_prompt("Where is my goat?", "At sea.");
    REQUIRE(asked.turns.size() == 2);
    CHECK(asked.turns[0].speaker == role::system);
    CHECK(asked.turns[1].text == "User: Where is my goat?\n\nAssistant: At sea.\n\n");
    CHECK(asked.max_tokens <= 50);
    CHECK(asked.temperature == 0.0);
    CHECK(asked.purpose == workers::providers::purpose::title);
}

TEST_CASE("AIRI-19: a summary is made of the previous one and the next turns") {
    const std::vector<turn> next{{true, "And my boat?", {}}, {false, "Sunk.", {}}};
    const auto asked = summary_prompt("The goat is at sea.", next);
    CHECK(asked.turns[1].text ==
          "The summary so far:\nThe goat is at sea.\n\nWhat was said next:\n\nUser: And my boat?\n\nAssistant: "
          "Sunk.\n\n");
    CHECK(contains(summary_prompt("", next).turns[1].text, "(nothing yet)"));
    CHECK(summary_of("  Both are gone.\n") == "Both are gone.");
    std::string long_one;
    while (long_one.size() < 5000) long_one += "ü";
    CHECK(summary_of(long_one).size() == longest_summary);
}

TEST_CASE("AIRI-19: a request takes the turns that fit, at least one") {
    const std::vector<turn> small(40, {true, std::string(400, 'x'), {}}), big(3, {true, std::string(40'000, 'x'), {}});
    CHECK(turns_per_request("", small) == 40);
    CHECK(turns_per_request(std::string(16'000, 'x'), small) < 40);
    CHECK(turns_per_request("", big) == 1);
    CHECK(turns_per_request(std::string(40'000, 'x'), small) == 1);
    CHECK(turns_per_request("", {}) == 0);
}
