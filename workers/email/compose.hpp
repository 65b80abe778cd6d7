// From an event to a message: the kind's text in the user's language, with the event's variables. Pure.
//
// A text (texts/<kind>.<language>.txt) has the subject in its first line and paragraphs below; the HTML part has the
// same paragraphs in texts/layout.html. {{name}} stands for a variable of the event, or for link, expires_at, or
// product (the sender's name). A paragraph whose variable is missing is left out; a paragraph that is only {{link}}
// requires it.
#pragma once

#include <span>

#include "events/email.hpp"
#include "platform/base/embedded.hpp"
#include "platform/base/result.hpp"
#include "workers/email/mime_message.hpp"

namespace airi::workers::email {

/// Fails with bad_address, unknown_kind, bad_link or bad_variables. The same event gives the same message.
result<mime_message> compose(const events::email_requested&, const event_id&, instant date, const mailbox& sender);

extern const std::span<const embedded_file> text_files;

}  // namespace airi::workers::email
