// Arithmetic for a companion. Pure. Used by tools.
#pragma once

#include <optional>
#include <string_view>

namespace airi::workers::chat {

/// The value of an expression of numbers, + - * / ^, signs and parentheses; none for anything else, for one that is
/// nested more than 50 deep, and for a value that is not finite.
std::optional<double> calculate(std::string_view expression);

}  // namespace airi::workers::chat
