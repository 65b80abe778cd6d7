// Cursors of lists as clients see them: base64url, which needs no encoding in a URL, of what a statement returns.
#pragma once

#include <string>
#include <string_view>

namespace airi::gateway {

/// A statement's cursor for meta.next_cursor.
std::string opaque_cursor(std::string_view statements);
/// The statement's cursor in a client's. A text that opaque_cursor() does not make is returned as it is: clients may
/// still have cursors from before, and the schema's format refuses all others.
std::string readable_cursor(std::string_view clients);

}  // namespace airi::gateway
