// Reads one message for signs of a crisis: phrases by explicitness, person and time, and a sentiment. Pure; what
// follows from it is conversation.hpp. Used by the safety gate of every kind of text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/safety/rules.hpp"

namespace airi::safety {

/// The reason for which a phrase counts for less than its rule's level.
enum class dismissal : std::uint8_t { none, idiom, negated, quoted, third_person, past, media, joke };
std::string_view name_of(dismissal) noexcept;

struct signal {
    level found = level::none;         ///< in this text
    level explicitness = level::none;  ///< of the phrase alone
    category about = category::suicide;
    dismissal because = dismissal::none;
    std::string rule;   ///< "<language>:<line>", in the rules of this version
    std::string words;  ///< the user's own, normalised: to be sealed like their message
};

enum class answer : std::uint8_t { none, yes, no };

struct observation {
    level worst = level::none;
    category about = category::suicide;  ///< of the worst signal
    std::vector<signal> signals;         ///< in the order of the text, mentions (level none) included
    bool imminent = false;               ///< a time, means or farewell is named beside a signal
    double positive = 0, negative = 0;   ///< 0…1, without the words of signals
    answer reply = answer::none;         ///< the message begins as an answer to a question

    /// -1…1: the greater of the two, negative below 0.
    double sentiment() const { return negative > positive ? -negative : positive; }
};

/// `utf8` is valid UTF-8. Takes some 50 µs for 500 bytes.
observation observe(std::string_view utf8, const rules&);

}  // namespace airi::safety
