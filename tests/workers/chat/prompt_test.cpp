#include "workers/chat/prompt.hpp"

#include "tests/support/cpp/print.hpp"
#include "workers/providers/estimate.hpp"

using namespace airi;
using namespace airi::workers;
using namespace airi::workers::chat;
using providers::priced_model;
using providers::role;

namespace {

const priced_model model{"openai", "gpt-mini", 0, {1, 1}, 8000, 1000};

// Five turns, the newest first; each of about `words` tokens.
sql::generations::claimed claim(std::size_t words = 10) {
    sql::generations::claimed out;
    out.is = sql::generations::claimed::kind::mine;
    out.parameters = "{}";
    out.context_tokens = 8000;
    out.reply_tokens = 500;
    for (int i = 5; i > 0; --i) {
        std::string text = "turn" + std::to_string(i);
        for (std::size_t w = 1; w < words; ++w) text += " abc";
        out.history.push_back({i % 2 == 1, std::move(text)});
    }
    return out;
}

std::vector<std::string> texts(const providers::prompt& of) {
    std::vector<std::string> out;
    for (const auto& t : of.turns)
        out.push_back((t.speaker == role::system ? "s:" : t.speaker == role::user ? "u:" : "a:") + t.text.substr(0, 5));
    return out;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("a prompt is the instructions and then the history, the oldest turn first") {
    auto from = claim();
    from.personality = "You are kind.";
    from.system_prompt = "Be brief.";
    const auto made = build_prompt(from, model);
    CHECK(made.model == "gpt-mini");
    CHECK(texts(made) == list{"s:You a", "u:turn1", "a:turn2", "u:turn3", "a:turn4", "u:turn5"});
    CHECK(made.turns[0].text == "You are kind.\n\nBe brief.");
}

TEST_CASE("AIRI-19: the summary follows the instructions and counts towards the budget") {
    auto from = claim(100);
    from.personality = "You are kind.";
    from.system_prompt = "Be brief.";
    from.summary = "Ada has a goat.";
    const auto made = build_prompt(from, model);
    CHECK(made.turns[0].text == "You are kind.\n\nBe brief.\n\nWhat was said before, in short:\nAda has a goat.");
    CHECK(texts(made) == list{"s:You a", "u:turn1", "a:turn2", "u:turn3", "a:turn4", "u:turn5"});
    from.context_tokens = 500 + 400;
    const auto without = build_prompt(from, model).turns.size();
    from.summary += std::string(1000, 'x');
    CHECK(build_prompt(from, model).turns.size() < without);
    CHECK(texts(build_prompt(from, model)).back() == "u:turn5");
}

TEST_CASE("AIRI-19: a caller's own turns come without the summary") {
    auto from = claim();
    from.summary = "Ada has a goat.";
    from.parameters = R"({"turns":[{"role":"user","content":"one"}]})";
    CHECK(texts(build_prompt(from, model)) == list{"u:one"});
}

TEST_CASE("without instructions there is no system turn") {
    CHECK(texts(build_prompt(claim(), model)).front() == "u:turn1");
}

TEST_CASE("turns beyond the budget are left out whole, the oldest first") {
    auto from = claim(100);
    from.context_tokens = 500 + 260;
    const auto made = build_prompt(from, model);
    CHECK(texts(made) == list{"a:turn4", "u:turn5"});
    CHECK(made.turns[1].text == from.history[0].text);
    CHECK(estimate_tokens(made) <= 260);
}

TEST_CASE("AIRI-29: a long message shortens the reply, then the instructions, and stays within the plan's context") {
    auto from = claim(100);
    from.context_tokens = 510;
    const auto shorter = build_prompt(from, model);
    CHECK(texts(shorter) == list{"u:turn5"});
    CHECK(shorter.max_tokens == 510 - estimate_tokens(shorter));
    from.personality = "Be kind. " + std::string(10'000, 'x');
    from.summary = "Ada has a goat.";
    const auto clipped = build_prompt(from, model);
    CHECK(texts(clipped) == list{"s:Be ki", "u:turn5"});
    CHECK(clipped.max_tokens == 510 / 4);
    CHECK(estimate_tokens(clipped) + clipped.max_tokens <= 510);
    CHECK(clipped.turns[0].text.size() > 500);
    from.personality.clear();
    for (int i = 0; i < 5'000; ++i) from.personality += "ü";
    for (std::int64_t context = 150; context < 170; ++context) {
        from.context_tokens = context;
        const auto made = build_prompt(from, model);
        CHECK(estimate_tokens(made) + made.max_tokens <= context);
        CHECK(made.turns.back().text == from.history[0].text);
        CHECK(made.turns.front().text.size() % 2 == (made.turns.size() == 1 ? from.history[0].text.size() % 2 : 0));
    }
}

TEST_CASE("AIRI-29: a message that alone is longer than the plan's context gives no prompt") {
    for (const std::int64_t context : {2'000, 8'000, 32'000}) {
        auto from = claim();
        auto large = model;
        large.context_tokens = 200'000;
        from.context_tokens = context;
        from.history[0].text.assign(static_cast<std::size_t>(context) * 3 - 16, 'x');
        const auto longest = build_prompt(from, large);
        CHECK(estimate_tokens(longest) + longest.max_tokens <= context);
        CHECK(longest.turns.back().text == from.history[0].text);
        from.history[0].text += std::string(context, 'x');
        CHECK(build_prompt(from, large).turns.empty());
    }
}

TEST_CASE("AIRI-28: the prompt names the model by its id at the provider") {
    auto retired = model;
    retired.api_id = "gpt-mini-2";
    retired.api_version = "2023-12-01-preview";
    const auto made = build_prompt(claim(), retired);
    CHECK(made.model == "gpt-mini-2");
    CHECK(made.api_version == "2023-12-01-preview");
}

TEST_CASE("the budget is the smaller of the plan's and the model's context, less the reply") {
    auto from = claim(100);
    auto small = model;
    small.context_tokens = 500 + 140;
    CHECK(texts(build_prompt(from, small)) == list{"u:turn5"});
    from.context_tokens = 500 + 140;
    CHECK(texts(build_prompt(from, model)) == list{"u:turn5"});
}

TEST_CASE("the reply limit is the least of the plan's, the model's and the caller's") {
    auto from = claim();
    CHECK(build_prompt(from, model).max_tokens == 500);
    from.reply_tokens = 5000;
    CHECK(build_prompt(from, model).max_tokens == 1000);
    from.parameters = R"({"max_tokens":20})";
    CHECK(build_prompt(from, model).max_tokens == 20);
    from.parameters = R"({"max_tokens":1000000})";
    CHECK(build_prompt(from, model).max_tokens == 1000);
    for (const auto* nonsense :
        {R"({"max_tokens":0})", R"({"max_tokens":-5})", R"({"max_tokens":"many"})", "null", "[]", "{", ""}) {
        from.parameters = nonsense;
        CHECK(build_prompt(from, model).max_tokens == 1000);
    }
}

TEST_CASE("the caller's temperature is passed on, and none is set without it") {
    auto from = claim();
    CHECK_FALSE(build_prompt(from, model).temperature);
    from.parameters = R"({"temperature":0.3})";
    CHECK(build_prompt(from, model).temperature == 0.3);
}

TEST_CASE("a caller's own turns replace the history, and its system turns join the instructions") {
    auto from = claim();
    from.personality = "Kind.";
    from.system_prompt = "Brief.";
    from.parameters = R"({"turns":[{"role":"system","content":"Rhyme."},{"role":"user","content":"one"},)"
                      R"({"role":"assistant","content":"two"},{"role":"developer","content":"Shout."},{"role":"user",)"
                      R"("content":"three"}]})";
    const auto made = build_prompt(from, model);
    CHECK(texts(made) == list{"s:Kind.", "u:one", "a:two", "u:three"});
    CHECK(made.turns[0].text == "Kind.\n\nRhyme.\n\nShout.\n\nBrief.");
}

TEST_CASE("the token estimate covers every turn") {
    const auto made = build_prompt(claim(), model);
    std::int64_t sum = 0;
    for (const auto& t : made.turns) sum += providers::estimate_tokens(t.text);
    CHECK(estimate_tokens(made) > sum);
    CHECK(estimate_tokens(providers::prompt{}) == 0);
}

TEST_CASE("AIRI-26: turns of tools keep their calls, and the parameters of the provider are passed on") {
    auto from = claim();
    from.parameters =
        R"({"turns":[{"role":"user","content":"Weather?"},{"role":"assistant","content":"","tool_calls":[)"
        R"({"id":"a","type":"function","function":{"name":"weather","arguments":"{}"}}]},)"
        R"({"role":"tool","content":"sunny","tool_call_id":"a"}],"max_tokens":9,"temperature":1,"seed":7,)"
        R"("tools":[{"type":"function"}],"anew":true})";
    const auto made = build_prompt(from, model);
    REQUIRE(made.turns.size() == 3);
    REQUIRE(made.turns[1].calls.size() == 1);
    CHECK(made.turns[1].calls[0].name == "weather");
    CHECK(made.turns[2].speaker == role::tool);
    CHECK(made.turns[2].call_id == "a");
    CHECK(made.options == R"({"seed":7,"tools":[{"type":"function"}]})");
    CHECK(build_prompt(claim(), model).options.empty());
}

TEST_CASE("no turn of a caller's own is left out: a history that does not fit in gives no prompt") {
    auto from = claim();
    std::string turns;
    for (int i = 0; i < 20; ++i)
        turns += R"({"role":"user","content":")" + std::string(400, 'x') + R"("},{"role":"assistant","content":"ok"},)";
    from.parameters = R"({"turns":[)" + turns + R"({"role":"user","content":"last"}]})";
    CHECK(build_prompt(from, model).turns.size() == 41);
    from.context_tokens = 1000;
    CHECK(build_prompt(from, model).turns.empty());

    from.context_tokens = 8000;
    from.parameters = R"({"turns":[{"role":"system","content":")" + std::string(32'000, 'x') +
                      R"("},{"role":"user","content":"last"}]})";
    CHECK(build_prompt(from, model).turns.empty());
}

TEST_CASE("a prompt counts the turns of the history that have no room") {
    auto from = claim(100);
    CHECK(build_prompt(from, model).left_out == 0);
    from.context_tokens = 500 + 250;
    const auto made = build_prompt(from, model);
    CHECK(made.left_out + made.turns.size() == 5);
    CHECK(made.left_out > 0);
}
