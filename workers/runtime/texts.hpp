// Texts for people, in files <kind>.<language>.txt that are part of the program. {{name}} stands for a variable of the
// event. Used by the workers that write to users: email, notifications. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "platform/base/clock.hpp"
#include "platform/base/embedded.hpp"

namespace airi::workers {

using text_variables = std::map<std::string, std::string, std::less<>>;
/// Shows a variable's value, as in HTML.
using text_display = std::function<std::string(std::string_view name, const std::string& value)>;

struct found_text {
    std::string_view text;
    std::string language;  ///< of the text, which may be another one than the user's
};

/// The text of that kind for a language tag: de-AT → de → en. None when there is no such kind.
std::optional<found_text> find_text(std::span<const embedded_file>, std::string_view kind, std::string_view locale);

/// None when a variable is missing. Values are not expanded again.
std::optional<std::string> filled_text(std::string_view text, const text_variables&, const text_display& = {});

/// The strings and numbers of a JSON object, each as one line of at most 200 bytes; those that look like a link are
/// left out, instants are shown to the minute. None when it is neither an object nor null nor empty.
std::optional<text_variables> read_variables(std::string_view object);

std::string to_the_minute(instant);  ///< 2026-11-20 18:45 UTC

}  // namespace airi::workers
