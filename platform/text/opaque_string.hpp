// Passwords as text: the form in which they are compared, and the letters that they are made of. Used by the gateway.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace airi::text {

/// The PRECIS profile OpaqueString (RFC 8265, 4.2): spaces are U+0020, NFC. None for text that it does not allow: empty
/// text, control characters, invisible and unassigned ones. `utf8` is valid UTF-8. Of the rules for characters that
/// depend on their neighbours (RFC 5892, A) those of the invisible ones are checked, the joiners.
std::optional<std::string> opaque_string(std::string_view utf8);

/// The letters of a text, and with `digits` its digits, as folded() has them; everything else is left out.
std::string letters_of(std::string_view utf8, bool digits);

}  // namespace airi::text
