// ./airi bench safety: how well the crisis rules find what people have labelled, and how fast.
//   airi-bench-safety <own.tsv> <held_out.tsv>
// Recall, precision and confusion by category and language; of the held-out phrases also those that are missed. Ends
// with 1 when a target is not met.
#include <chrono>
#include <cstdio>
#include <map>

#include "platform/safety/blocked_terms.hpp"
#include "tests/support/cpp/labelled_phrases.hpp"

namespace {

using namespace airi;
using test::labelled_phrase;

constexpr double true_rate = 0.0015;  // of users a week who show explicit signs

struct confusion {
    int counts[3][3]{};  // label by state: harmless, elevated, high

    void add(const labelled_phrase& p, safety::state is) {
        const int label = p.label == "high" ? 2 : p.label == "elevated" ? 1 : 0;
        ++counts[label][is >= safety::state::high_risk ? 2 : static_cast<int>(is)];
    }
    int of(int label) const { return counts[label][0] + counts[label][1] + counts[label][2]; }
    double recall() const { return of(2) ? 100.0 * counts[2][2] / of(2) : 100; }
    double false_high() const { return of(0) ? 100.0 * counts[0][2] / of(0) : 0; }
    double precision() const {
        const int all = counts[0][2] + counts[2][2];
        return all ? 100.0 * counts[2][2] / all : 100;
    }
};

struct limits {
    double recall, false_high;
    bool prints_misses;
};

void row(const std::string& name, const confusion& c) {
    std::printf("  %-28s %4d %4d %4d   %4d %4d %4d   %4d %4d %4d", name.c_str(), c.counts[2][2], c.counts[2][1],
        c.counts[2][0], c.counts[1][2], c.counts[1][1], c.counts[1][0], c.counts[0][2], c.counts[0][1], c.counts[0][0]);
    if (c.of(2)) std::printf("   recall %5.1f %%", c.recall());
    if (c.of(0)) std::printf("   false %4.1f %%", c.false_high());
    std::printf("\n");
}

bool measure(const std::string& title, const char* file, const limits& wanted) {
    const auto& rules = safety::built_in();
    const safety::policy policy;
    confusion all;
    std::map<std::string, confusion> by_language, by_category, by_kind;
    std::vector<std::string> missed, wrong;
    for (const auto& p : test::read_phrases(file)) {
        const auto is = test::reached(p, rules, policy);
        const std::string name(safety::name_of(is));
        all.add(p, is);
        by_language[p.language].add(p, is);
        by_category[p.label + " " + p.category].add(p, is);
        by_kind[p.turns.size() > 1 ? "several messages" : p.perturbed() ? "perturbed" : "one message"].add(p, is);
        if (p.label == "high" && is < safety::state::high_risk)
            missed.push_back("  " + p.id + " " + p.language + " " + p.category + ", " + name + ": " + p.text);
        if (p.label == "harmless" && is >= safety::state::high_risk)
            wrong.push_back("  " + p.id + " " + p.language + " " + p.category + ": " + p.text);
    }
    std::printf("\n%s\n  %-28s %-14s   %-14s   %-14s\n", title.c_str(), "", "high", "elevated", "harmless");
    std::printf("  %-28s %s   %s   %s\n", "seen as", "HIGH ELEV NORM", "HIGH ELEV NORM", "HIGH ELEV NORM");
    for (const auto* table : {&by_language, &by_category, &by_kind})
        for (const auto& [name, c] : *table) row(name, c);
    row("all", all);
    const double found = all.recall() / 100, false_rate = all.false_high() / 100;
    const double live = found * true_rate / (found * true_rate + false_rate * (1 - true_rate) + 1e-12);
    const bool meets = all.recall() >= wanted.recall && all.false_high() < wanted.false_high;
    std::printf("  recall %.1f %% (target %.0f), false HIGH_RISK %.2f %% (target under %.1f), precision %.1f %%: %s\n",
        all.recall(), wanted.recall, all.false_high(), wanted.false_high, all.precision(), meets ? "met" : "NOT met");
    std::printf("  precision at a true rate of %.2f %%: %.1f %%\n", 100 * true_rate, 100 * live);
    if (wanted.prints_misses || !meets) {
        std::printf("  missed (%zu):\n", missed.size());
        for (const auto& line : missed) std::printf("  %s\n", line.c_str());
        std::printf("  false HIGH_RISK (%zu):\n", wrong.size());
        for (const auto& line : wrong) std::printf("  %s\n", line.c_str());
    }
    return meets;
}

// The moderation worker's checks of a message: the crisis rules and the blocked terms.
bool measure_speed() {
    const auto& rules = safety::built_in();
    std::string list = R"([{"term": "i will kill you", "category": "violence", "action": "block"},
        {"term": "my sister", "category": "spam", "action": "warn"},
        {"term": "plant a bomb", "category": "violence", "action": "block"}])";
    const safety::blocked_terms terms(list);
    list.pop_back();
    for (int i = 0; i < 100; ++i)
        list += R"json(,{"term":"(offer|deal|boss) )json" + std::to_string(i) +
                R"json( .{1,20}(now|today|work)","category":"spam","action":"block","pattern":true})json";
    const safety::blocked_terms with_patterns(list + ']');
    bool meets = true;
    for (const auto& [name, sentence] :
        {std::pair{"plain ASCII", "I had a long day and my boss wants me to work more, "},
            {"accents", "La journée a été longue, et mon frère m'a demandé de l'aider. "},
            {"signs", "I feel hopeless, I don't want to die but I can't go on. "}}) {
        std::string text;
        while (text.size() < 500) text += sentence;
        text.resize(500 - (static_cast<unsigned char>(text[500]) >= 0x80 ? 1 : 0));
        const auto best_with = [&](const safety::blocked_terms& screened) {
            double best = 1e9;
            for (int round = 0; round < 20; ++round) {
                const auto start = std::chrono::steady_clock::now();
                std::size_t signals = 0;
                for (int i = 0; i < 200; ++i)
                    signals += safety::observe(text, rules).signals.size() + screened.screen(text).categories.size();
                const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
                best = std::min(best, took.count() / 200 + 1e-12 * static_cast<double>(signals));
            }
            return best;
        };
        const auto best = best_with(terms), beside_patterns = best_with(with_patterns);
        meets = meets && best < 100 && beside_patterns < 100;
        std::printf("  500 bytes, %-12s %6.1f us, with 100 patterns %6.1f us (target under 100)\n", name, best,
            beside_patterns);
    }
    return meets;
}

// Words of syllables, the first ones as frequent as those of a language.
std::vector<std::string> made_words(std::size_t count) {
    constexpr std::string_view consonants = "bdfgklmnprstvz", vowels = "aeiou";
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i) {
        std::string word;
        for (auto rest = i + 1; rest > 0 || word.size() < 4; rest /= 70) {
            word += consonants[rest % 14];
            word += vowels[rest / 14 % 5];
        }
        out.push_back(std::move(word));
    }
    return out;
}

// The local pipeline with a long list: terms of one to three words, of which every tenth begins alike.
bool measure_list() {
    constexpr std::size_t count = 20'000;
    const auto words = made_words(8'000);
    std::uint32_t seed = 1;
    const auto any = [&](std::size_t below) { return (seed = seed * 1664525 + 1013904223) / 65536 % below; };
    const auto frequent = [&] { return words[any(1 + any(words.size()))]; };
    std::string list = "[";
    for (std::size_t i = 0; i < count; ++i) {
        auto term = i % 10 == 0 ? "i " + words[any(words.size())] + words[any(words.size())] : words[any(words.size())];
        for (auto more = any(3); more > 0; --more) term += ' ' + words[any(words.size())];
        list += (i == 0 ? "" : ",") + ("{\"term\":\"" + term + "zq" + std::to_string(i % 97)) +
                R"(","category":"other","action":"block"})";
    }
    const auto loading = std::chrono::steady_clock::now();
    const safety::blocked_terms terms(list + "]");
    const std::chrono::duration<double, std::milli> loaded = std::chrono::steady_clock::now() - loading;
    std::printf("%zu terms, %.1f MB, read in %.0f ms\n", count, static_cast<double>(list.size()) / 1e6, loaded.count());
    const auto& rules = safety::built_in();
    bool meets = true;
    for (const std::size_t size : {80, 500}) {
        std::vector<std::string> texts(500);
        for (auto& text : texts) {
            while (text.size() < size) text += (any(12) == 0 ? "i" : frequent()) + ' ';
            text.resize(size);
        }
        double both = 1e9, alone = 1e9;
        for (int round = 0; round < 10; ++round) {
            std::size_t found = 0;
            const auto start = std::chrono::steady_clock::now();
            for (const auto& text : texts) found += terms.screen(text).categories.size();
            const auto middle = std::chrono::steady_clock::now();
            for (const auto& text : texts) found += safety::observe(text, rules).signals.size();
            const std::chrono::duration<double, std::micro> first = middle - start,
                                                            all = std::chrono::steady_clock::now() - start;
            alone = std::min(alone, first.count() / 500 + 1e-12 * static_cast<double>(found));
            both = std::min(both, all.count() / 500);
        }
        const double rate = 1e6 / both;
        meets = meets && both < 100 && (size > 100 || rate >= 20'000);
        std::printf("  %3zu bytes: terms %5.1f us, with the crisis rules %5.1f us (under 100), %6.0f messages/s\n",
            size, alone, both, rate);
    }
    return meets;
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) return std::fprintf(stderr, "airi-bench-safety <own.tsv> <held_out.tsv>\n"), 2;
    const auto start = std::chrono::steady_clock::now();
    const auto& rules = safety::built_in();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::printf("rules %s, read in %.0f ms\n", rules.version().c_str(), took.count());
    const bool fast = measure_speed(), fast_with_list = measure_list();
    const bool own = measure("our own phrases", words[1], {100, 0.5, false});
    const bool held_out = measure("held-out phrases, written without sight of the rules", words[2], {95, 2, true});
    return fast && fast_with_list && own && held_out ? 0 : 1;
}
