// A mail that somebody should get, for the mail worker.
#pragma once

#include "events/field.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::events {

/// `kind` is one of the texts in workers/email/texts, which show what `variables` may bring: an object of texts and
/// numbers, as {"name":"Ada"}. A paragraph that names a variable the event does not bring is left out. An instant (RFC
/// 3339) is shown to the minute.
struct email_requested {
    user_id user;
    std::string to;
    std::string kind;
    std::string locale = "en";  ///< a language tag; one without texts gets the English ones
    std::string link;           ///< http(s); may be empty where the mail is not about it
    json_text variables;
    instant expires_at;  ///< from then on the mail is of no use and is not sent any more

    static constexpr std::string_view topic = "email.requested.v1";
    static constexpr auto key = &email_requested::user;
    static constexpr auto fields = std::tuple{
        field("user_id", &email_requested::user),
        field("to", &email_requested::to, {.max_length = 254}),
        field("kind", &email_requested::kind, {.max_length = 50}),
        field("locale", &email_requested::locale, {.max_length = 35}),
        field("link", &email_requested::link, {.max_length = 2'000}),
        field("variables", &email_requested::variables, {.max_length = 8'000}),
        field("expires_at", &email_requested::expires_at),
    };
};

}  // namespace airi::events
