// The verbs of a companion in a game, and their bounds. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/json.hpp"

namespace airi::workers::gaming {

/// The mistake in the arguments of a verb, by the bounds of that game; empty: none. They come from a user or a model.
std::string mistake_in(std::string_view game, std::string_view verb, json::value arguments);

/// The lines in which a text is said: at most three, without control characters, none begins with '/', each with at
/// most 256 characters (Minecraft's bound).
std::vector<std::string> spoken_lines(std::string_view text);

}  // namespace airi::workers::gaming
