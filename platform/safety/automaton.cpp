#include "platform/safety/automaton.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace airi::safety {

namespace {

using states = std::vector<std::uint32_t>;

struct nfa_state {
    std::vector<std::pair<word_id, std::uint32_t>> words;
    states any, nothing;
    std::vector<std::uint32_t> rules;
};

struct dfa_state {
    std::uint32_t any = 0;  // 0: none; state 0 is never entered again
    std::vector<std::uint32_t> rules;
};

std::uint64_t key_of(std::uint32_t state, word_id word) { return std::uint64_t{state} << 32 | word; }

}  // namespace

struct automaton::parts {
    std::vector<nfa_state> nfa{1};
    std::vector<dfa_state> dfa;
    std::unordered_map<std::uint64_t, std::uint32_t> edges;

    std::vector<std::uint32_t> seen;  // the last round of closed() that met a state
    std::uint32_t round = 0;

    states closed(states set) {
        seen.resize(nfa.size());
        ++round;
        for (const auto state : set) seen[state] = round;
        for (std::size_t i = 0; i < set.size(); ++i)
            for (const auto next : nfa[set[i]].nothing)
                if (std::exchange(seen[next], round) != round) set.push_back(next);
        std::sort(set.begin(), set.end());
        set.erase(std::unique(set.begin(), set.end()), set.end());
        return set;
    }

    void walk(std::span<const token> tokens, std::uint32_t begin, std::uint32_t at, std::uint32_t state,
        std::vector<hit>& out) const {
        for (const auto rule : dfa[state].rules) out.push_back({begin, at, rule});
        if (at == tokens.size() || (at > begin && tokens[at].starts_sentence)) return;
        if (tokens[at].id != unknown_word)
            if (const auto edge = edges.find(key_of(state, tokens[at].id)); edge != edges.end())
                walk(tokens, begin, at + 1, edge->second, out);
        if (dfa[state].any != 0 && !tokens[at].blocks_gap) walk(tokens, begin, at + 1, dfa[state].any, out);
    }
};

automaton::automaton() : parts_(std::make_unique<parts>()) {}
automaton::automaton(automaton&&) noexcept = default;
automaton& automaton::operator=(automaton&&) noexcept = default;
automaton::~automaton() = default;

std::uint32_t automaton::new_state() {
    parts_->nfa.emplace_back();
    return static_cast<std::uint32_t>(parts_->nfa.size() - 1);
}

void automaton::on_word(std::uint32_t from, word_id word, std::uint32_t to) {
    parts_->nfa[from].words.emplace_back(word, to);
}
void automaton::on_any(std::uint32_t from, std::uint32_t to) { parts_->nfa[from].any.push_back(to); }
void automaton::on_nothing(std::uint32_t from, std::uint32_t to) { parts_->nfa[from].nothing.push_back(to); }
void automaton::accept(std::uint32_t state, std::uint32_t rule) { parts_->nfa[state].rules.push_back(rule); }

// The subset construction. "Any word" is not mixed into the words' edges: it stays a branch of its own, so that gaps do
// not multiply the states.
void automaton::finish() {
    auto& p = *parts_;
    std::map<states, std::uint32_t> numbers;
    std::vector<states> sets;
    const auto number_of = [&](states set) {
        set = p.closed(std::move(set));
        const auto [found, is_new] = numbers.emplace(set, static_cast<std::uint32_t>(sets.size()));
        if (is_new) sets.push_back(set);
        return found->second;
    };
    number_of({0});
    for (std::uint32_t i = 0; i < sets.size(); ++i) {
        std::map<word_id, states> by_word;
        states any;
        dfa_state made;
        for (const auto s : sets[i]) {
            for (const auto& [word, to] : p.nfa[s].words) by_word[word].push_back(to);
            any.insert(any.end(), p.nfa[s].any.begin(), p.nfa[s].any.end());
            made.rules.insert(made.rules.end(), p.nfa[s].rules.begin(), p.nfa[s].rules.end());
        }
        if (!any.empty()) made.any = number_of(std::move(any));
        std::sort(made.rules.begin(), made.rules.end());
        made.rules.erase(std::unique(made.rules.begin(), made.rules.end()), made.rules.end());
        for (auto& [word, to] : by_word) p.edges.emplace(key_of(i, word), number_of(std::move(to)));
        p.dfa.push_back(std::move(made));
    }
    p.nfa = {};
    p.seen = {};
}

std::vector<hit> automaton::search(std::span<const token> tokens) const {
    std::vector<hit> out;
    for (std::uint32_t begin = 0; begin < tokens.size(); ++begin)
        if (tokens[begin].id != unknown_word) parts_->walk(tokens, begin, begin, 0, out);
    std::sort(out.begin(), out.end(),
        [](const hit& a, const hit& b) { return std::tie(a.begin, a.rule, b.end) < std::tie(b.begin, b.rule, a.end); });
    const auto same = [](const hit& a, const hit& b) { return a.begin == b.begin && a.rule == b.rule; };
    out.erase(std::unique(out.begin(), out.end(), same), out.end());
    return out;
}

}  // namespace airi::safety
