#include "platform/safety/detect.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "platform/safety/rule_parts.hpp"
#include "platform/text/normalise.hpp"

namespace airi::safety {
namespace {

constexpr std::uint32_t negation_reach = 6;  // words, as in NegEx
constexpr std::uint32_t subject_reach = 8;

struct scene {
    const rule_parts& rules;
    text::normalised words;
    std::vector<token> tokens;
    std::vector<hit> hits;
    std::array<std::vector<hit>, uses> cues;

    explicit scene(std::string_view utf8, const rule_parts& parts) : rules(parts), words(text::normalise(utf8)) {
        tokens.reserve(words.words.size());
        for (const auto& w : words.words) {
            token made;
            made.id = rules.words.find(words.text(w), words.shape(w));
            made.starts_sentence = w.before == text::gap::stop;
            made.blocks_gap = rules.negations.contains(made.id);
            tokens.push_back(made);
        }
        hits = rules.patterns.search(tokens);
        for (const auto& h : hits) cues[static_cast<std::size_t>(rules.list[h.rule].what)].push_back(h);
    }

    const rule& of(const hit& h) const { return rules.list[h.rule]; }

    template <class Test>
    const hit* cue(use what, const hit& m, Test test) const {
        const auto language = of(m).language;
        for (const auto& c : cues[static_cast<std::size_t>(what)]) {
            const auto own = of(c).language;
            if ((own == language || own == 0 || language == 0) && test(c)) return &c;
        }
        return nullptr;
    }
    bool any(use what, const hit& m) const {
        return cue(what, m, [](const hit&) { return true; }) != nullptr;
    }

    // Whether a sentence ends between the words.
    bool apart(std::uint32_t from, std::uint32_t to) const {
        for (auto i = from + 1; i <= to && i < tokens.size(); ++i)
            if (tokens[i].starts_sentence) return true;
        return false;
    }
    bool comma(std::uint32_t from, std::uint32_t to) const {
        for (auto i = from + 1; i <= to; ++i)
            if (words.words[i].before == text::gap::soft) return true;
        return false;
    }
};

bool within(const hit& a, const hit& b) { return b.begin <= a.begin && a.end <= b.end; }
bool overlap(const hit& a, const hit& b) { return a.begin < b.end && b.begin < a.end; }

bool negated(const scene& s, const hit& m) {
    // A phrase that begins with its own subject or verb ("quiero …") is a clause: only what stands beside it negates
    // it.
    const bool clause = s.cue(use::first, m, [&](const hit& c) { return c.begin == m.begin; });
    const auto reach = clause ? 2 : negation_reach;
    const auto before = s.cue(use::negation, m, [&](const hit& n) {
        if (n.end > m.begin || m.begin - n.end >= reach || s.apart(n.begin, m.begin)) return false;
        if (s.cue(use::pseudo, m, [&](const hit& p) { return overlap(p, n); })) return false;
        const auto between = [&](const hit& c) { return c.begin >= n.end && c.end <= m.begin; };
        if (s.cue(use::stop, m, between)) return false;
        return !s.comma(n.end - 1, m.begin) && !s.cue(use::first, m, between);
    });
    if (before) return true;
    return s.cue(use::post, m, [&](const hit& n) {
        return n.begin >= m.end && n.begin - m.end < 2 && !s.apart(m.end - 1, n.begin) && !s.comma(m.end - 1, n.begin);
    }) != nullptr;
}

// The nearest subject before the phrase in its sentence: the writer, another, or nobody (0), which is the writer too in
// languages that leave it out.
std::optional<use> subject_of(const scene& s, const hit& m, std::uint32_t from = 0) {
    const hit* nearest = nullptr;
    auto found = use::first;
    for (const auto what : {use::first, use::other})
        s.cue(what, m, [&](const hit& c) {
            const bool near = c.begin >= from && (what == use::first ? c.begin : c.end) <= m.begin &&
                              m.begin - c.begin <= subject_reach && !s.apart(c.begin, m.begin);
            if (near && (!nearest || c.begin > nearest->begin || (c.begin == nearest->begin && c.end > nearest->end))) {
                nearest = &c;
                found = what;
            }
            return false;
        });
    return nearest ? std::optional(found) : std::nullopt;
}

bool quoted(const scene& s, const hit& m) {
    if (s.words.words[m.begin].quoted && s.words.words[m.end - 1].quoted) return true;
    // "the song is called …", "he said I want …": not when the writer says it.
    if (s.cue(use::title, m, [&](const hit& t) { return t.end <= m.begin && m.begin - t.end <= 2; })) return true;
    return s.cue(use::says, m, [&](const hit& t) {
        if (t.end > m.begin || m.begin - t.end > 2 || s.apart(t.begin, m.begin)) return false;
        return subject_of(s, {t.begin, t.begin + 1, m.rule}) == use::other;
    }) != nullptr;
}

// The writer's own words in quotation marks: "I told her 'I want to die'".
bool quotes_oneself(const scene& s, const hit& m) {
    return s.cue(use::says, m, [&](const hit& t) {
        return t.end <= m.begin && m.begin - t.end <= 3 && subject_of(s, {t.begin, t.begin + 1, m.rule}) == use::first;
    }) != nullptr;
}

bool in_media(const scene& s, const hit& m) {
    const auto* found = s.cue(use::media, m, [&](const hit& c) {
        if (c.end <= m.begin) return !s.apart(c.begin, m.begin) && subject_of(s, m, c.end) != use::first;
        return c.begin >= m.end && !s.apart(m.end - 1, c.begin) && subject_of(s, m) != use::first &&
               c.begin - m.end <= 3;
    });
    return found != nullptr;
}

// Told as what has been: a time that is over, and a verb of the past beside the phrase or in it.
bool past(const scene& s, const hit& m) {
    return s.any(use::past, m) && !s.any(use::again, m) && s.cue(use::did, m, [&](const hit& d) {
        return d.begin < m.end && m.begin < d.end + 5 && !s.apart(std::min(d.begin, m.begin), m.begin);
    });
}

// Fun is no fun when a time, a means or a farewell is named beside the phrase.
bool joking(const scene& s, const hit& m) {
    const auto joke = s.cue(use::joke, m,
        [&](const hit& j) { return !s.cue(use::pseudo, m, [&](const hit& p) { return overlap(p, j); }); });
    if (!joke || s.of(m).about == category::violence) return joke;
    return !s.cue(use::imminent, m, [&](const hit& i) { return !overlap(i, m); });
}

bool names_the_writer(const scene& s, const hit& m) {
    return s.cue(use::first, m, [&](const hit& c) { return overlap(c, m); }) != nullptr;
}

level lowered(level from, int steps) { return static_cast<level>(std::max(0, static_cast<int>(from) - steps)); }

signal weigh(const scene& s, const hit& m) {
    const auto& r = s.of(m);
    signal out;
    out.about = r.about;
    out.explicitness = r.what == use::high ? level::high : r.what == use::medium ? level::medium : level::low;
    out.rule = s.rules.languages[r.language] + ":" + std::to_string(r.line);
    for (auto i = m.begin; i < m.end; ++i)
        (out.words += out.words.empty() ? "" : " ") += s.words.text(s.words.words[i]);
    out.found = out.explicitness;
    const auto dismiss = [&](dismissal why, level to) {
        out.because = why;
        out.found = std::min(out.found, to);
    };
    if (s.cue(use::idiom, m, [&](const hit& i) { return overlap(i, m); })) {
        dismiss(dismissal::idiom, level::none);
    } else if (negated(s, m)) {
        dismiss(dismissal::negated, level::none);
    } else if (quoted(s, m)) {
        dismiss(dismissal::quoted, quotes_oneself(s, m) ? level::medium : level::none);
    } else if (!names_the_writer(s, m) && subject_of(s, m) == use::other) {
        dismiss(dismissal::third_person, level::none);
    } else if (in_media(s, m)) {
        dismiss(dismissal::media, level::none);
    } else if (past(s, m)) {
        dismiss(dismissal::past, out.found == level::high ? level::low : level::none);
    } else if (joking(s, m)) {
        dismiss(dismissal::joke, lowered(out.found, out.about == category::violence ? 2 : 1));
    }
    return out;
}

double share(double weight, double other) {
    return weight <= 0 ? 0 : (1 - std::exp(-weight / 2.2)) * weight / (weight + other);
}

void feel(const scene& s, const std::vector<hit>& phrases, observation& out) {
    double good = 0, bad = 0;
    const auto add = [&](use what, double weight, bool is_good) {
        std::uint32_t last = 0;
        for (const auto& c : s.cues[static_cast<std::size_t>(what)]) {
            if (c.begin < last) continue;
            if (std::any_of(phrases.begin(), phrases.end(), [&](const hit& p) { return overlap(p, c); })) continue;
            last = c.end;
            const bool turned = s.cue(use::negation, c, [&](const hit& n) {
                return n.end <= c.begin && c.begin - n.end < 3 && !s.apart(n.begin, c.begin);
            }) != nullptr;
            if (turned && !is_good) continue;
            (turned != is_good ? good : bad) += weight;
        }
    };
    add(use::good, 1, true);
    add(use::bad, 1, false);
    add(use::awful, 2, false);
    out.negative = share(bad, good);
    out.positive = share(good, bad);
}

}  // namespace

std::string_view name_of(dismissal is) noexcept {
    constexpr std::array<std::string_view, 8> names{
        "none", "idiom", "negated", "quoted", "third_person", "past", "media", "joke"};
    return names[static_cast<std::size_t>(is)];
}

observation observe(std::string_view utf8, const rules& with) {
    const scene s(utf8, with.parts());
    observation out;
    std::vector<hit> phrases;
    for (const auto what : {use::high, use::medium, use::low})
        for (const auto& h : s.cues[static_cast<std::size_t>(what)]) {
            // A phrase within a graver or equal one of its kind is the same sign.
            const bool known = std::any_of(phrases.begin(), phrases.end(),
                [&](const hit& p) { return within(h, p) && s.of(p).about == s.of(h).about; });
            if (known) continue;
            std::erase_if(phrases,
                [&](const hit& p) { return within(p, h) && s.of(p).what == what && s.of(p).about == s.of(h).about; });
            phrases.push_back(h);
        }
    if (!phrases.empty()) {
        for (const auto& c : s.cues[static_cast<std::size_t>(use::imminent)])
            if (std::none_of(s.cues[static_cast<std::size_t>(use::idiom)].begin(),
                    s.cues[static_cast<std::size_t>(use::idiom)].end(), [&](const hit& i) { return overlap(i, c); }))
                out.imminent = true;
        for (const auto& p : phrases) out.signals.push_back(weigh(s, p));
    }
    for (const auto& found : out.signals)
        if (found.found > out.worst) {
            out.worst = found.found;
            out.about = found.about;
        }
    feel(s, phrases, out);
    const auto begins = [&](use what) {
        const auto& list = s.cues[static_cast<std::size_t>(what)];
        return std::any_of(list.begin(), list.end(), [](const hit& h) { return h.begin == 0; });
    };
    if (s.tokens.size() <= 8) out.reply = begins(use::no) ? answer::no : begins(use::yes) ? answer::yes : answer::none;
    return out;
}

}  // namespace airi::safety
