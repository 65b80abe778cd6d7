// UTF-8 checks of untrusted text. Used by the gateway's transport.
#pragma once

#include <string_view>

namespace airi {

/// RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

}  // namespace airi
