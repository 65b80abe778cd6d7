// The inside of rules: for rules.cpp and detect.cpp only.
#pragma once

#include <set>

#include "platform/safety/automaton.hpp"
#include "platform/safety/rules.hpp"

namespace airi::safety {

struct rule_parts {
    std::string version;
    std::vector<std::string> languages{"any"};
    std::vector<rule> list;
    vocabulary words;
    automaton patterns;
    std::set<word_id> negations;  ///< of one word; gaps do not pass over them
};

}  // namespace airi::safety
