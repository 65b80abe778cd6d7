// Phrases with the risk that people see in them, and how the safety state machine sees them. Used by ./airi bench
// safety and by the unit test that holds its targets.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/safety/conversation.hpp"

namespace airi::test {

/// A line of tests/safety/<file>.tsv: id, language, label (high, elevated, harmless), category, and the user's messages
/// of one conversation, separated by " || ".
struct labelled_phrase {
    std::string id, language, label, category, text;
    std::vector<std::string> turns;

    bool perturbed() const { return id.starts_with('p'); }
};

std::vector<labelled_phrase> read_phrases(const std::filesystem::path& tsv);

/// The gravest state that a conversation of these messages reaches, a minute between two of them.
safety::state reached(const labelled_phrase&, const safety::rules&, const safety::policy&);

}  // namespace airi::test
