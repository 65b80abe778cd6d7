// The notifications worker: a requested notice becomes one row of the user's, in their language, and a frame to their
// sockets.
#pragma once

#include <span>

#include "events/notifications.hpp"
#include "platform/base/embedded.hpp"
#include "workers/runtime/worker.hpp"

namespace airi::workers::notifications {

/// A text (texts/<kind>.<language>.txt) has the title in its first line, an empty line, then the message. {{name}} is
/// the user's name, {{product}} the product's; the others are the event's. A paragraph whose variable is missing is
/// left out.
extern const std::span<const embedded_file> text_files;

struct notice {
    std::string title, message;
};

/// The language and names by which a text is chosen and filled.
struct recipient {
    std::string locale, name, product;
};

/// The title and message of the event, or else of its kind's text. Fails with unknown_kind or bad_variables: refused.
result<notice> compose(const events::notification_requested&, const recipient&);

/// At least once: a redelivered event stores nothing again, even if the user has deleted the row meanwhile; the frame
/// may be sent again. Nothing is stored for an erased account.
awaitable<result<effects>> store(events::notification_requested, record, postgres::database&);

worker declare(postgres::database&);

enum class errc { unknown_kind = 1, bad_variables };
error_code make_error_code(errc);

}  // namespace airi::workers::notifications

template <>
struct boost::system::is_error_code_enum<airi::workers::notifications::errc> : std::true_type {};
