// A mail to send, for the email worker.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

/// `kind` is the name of a text in workers/email/texts. `variables` is an object of strings and numbers, as
/// {"name":"Ada"}; a paragraph of the text that uses a variable which is not set is left out, and an instant (RFC 3339)
/// is shown to the minute.
struct email_requested {
    user_id user;
    std::string to;  ///< an address, sealed if it is of a person without an account, as a contact or a parent
    std::string kind;
    std::string locale = "en";  ///< a language tag; English if there are no texts in it
    std::string link;           ///< http(s), sealed if it holds a token; may be empty if the text has no link
    json_text variables;
    instant expires_at;  ///< the mail is not sent after this time

    static constexpr std::string_view topic = "email.requested.v1";
    static constexpr auto key = &email_requested::user;
    static constexpr auto fields = std::tuple{
        field("user_id", &email_requested::user),
        field("to", &email_requested::to, {.max_length = 400}),
        field("kind", &email_requested::kind, {.max_length = 50}),
        field("locale", &email_requested::locale, {.max_length = 35}),
        field("link", &email_requested::link, {.max_length = 2'000}),
        field("variables", &email_requested::variables, {.max_length = 8'000}),
        field("expires_at", &email_requested::expires_at),
    };
};

/// Where a link that holds a token is sealed (platform/crypto/seal.hpp): in the mail with this event, or in the text
/// message with this id.
inline std::string place_of_link(std::string_view id) { return "links/" + std::string(id); }

/// Where the address that a mail with this event goes to is sealed, under the key of the links.
inline std::string place_of_recipient(std::string_view id) { return "recipients/" + std::string(id); }

}  // namespace airi::events
