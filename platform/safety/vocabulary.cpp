#include <algorithm>

#include "platform/safety/automaton.hpp"
#include "platform/text/normalise.hpp"

namespace airi::safety {
namespace {

std::string without(std::string_view word, std::size_t letter) {
    std::string out(word);
    out.erase(letter, 1);
    return out;
}

std::string undoubled(std::string_view word) {
    std::string out;
    for (const char c : word)
        if (out.empty() || out.back() != c) out += c;
    return out;
}

// Whether one slip makes `typed` of `meant`; their first letters are the same.
bool is_slip(std::string_view typed, std::string_view meant) {
    const auto difference = std::mismatch(typed.begin(), typed.end(), meant.begin(), meant.end());
    const auto a = std::string_view(difference.first, typed.end()),
               b = std::string_view(difference.second, meant.end());
    if (typed.size() == meant.size()) {
        if (a.size() > 1 && a[0] == b[1] && a[1] == b[0] && a.substr(2) == b.substr(2)) return true;
        return meant.size() >= 7 && a.substr(1) == b.substr(1);
    }
    if (meant.size() < 6) return false;
    return typed.size() < meant.size() ? a == b.substr(1) : a.substr(1) == b;
}

}  // namespace

word_id vocabulary::add(std::string_view word) {
    if (const auto found = words_.find(word); found != words_.end()) return found->second;
    const auto id = static_cast<word_id>(by_id_.size());
    by_id_.emplace_back(word);
    words_.emplace(word, id);
    shapes_.emplace(text::shape_of(word), id);
    if (auto once = undoubled(word); once.size() > 2 && once != word) undoubled_.emplace(std::move(once), id);
    if (word.size() >= 4)
        for (std::size_t i = 1; i < word.size(); ++i) {
            auto& same = shortened_[without(word, i)];
            if (same.empty() || same.back() != id) same.push_back(id);
        }
    return id;
}

word_id vocabulary::exact(std::string_view word) const {
    const auto found = words_.find(word);
    return found == words_.end() ? unknown_word : found->second;
}

word_id vocabulary::find(std::string_view word, std::string_view shape) const {
    if (const auto id = exact(word)) return id;
    if (!shape.empty()) {
        if (const auto found = shapes_.find(shape); found != shapes_.end()) return found->second;
        return slip(shape, 6);
    }
    if (plain_.find(word) != plain_.end()) return unknown_word;
    if (const auto found = undoubled_.find(word); found != undoubled_.end()) return found->second;
    return slip(word, 4);
}

word_id vocabulary::slip(std::string_view word, std::size_t shortest) const {
    if (word.size() < shortest || word.size() > 24) return unknown_word;
    const auto fits = [&](word_id id) {
        const std::string_view meant = by_id_[id];
        return meant.front() == word.front() && is_slip(word, meant);
    };
    const auto first_of = [&](std::string_view key) {
        if (const auto found = shortened_.find(key); found != shortened_.end())
            for (const auto id : found->second)
                if (fits(id)) return id;
        return unknown_word;
    };
    if (const auto id = first_of(word)) return id;
    std::string shorter;
    for (std::size_t i = 1; i < word.size(); ++i) {
        shorter.assign(word).erase(i, 1);
        if (const auto id = exact(shorter); id != unknown_word && fits(id)) return id;
        if (const auto id = first_of(shorter)) return id;
    }
    return unknown_word;
}

}  // namespace airi::safety
