// A mail before it is bytes, its addresses, and its form on the wire (RFC 5322, multipart/alternative). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"

namespace airi::workers::email {

struct mailbox {
    std::string name;  ///< shown before the address; may be empty
    std::string address;

    std::string_view domain() const { return std::string_view(address).substr(address.rfind('@') + 1); }
};

/// An ASCII addr-spec without quoting: everything else is refused, so that it can stand in a header as it is.
bool is_address(std::string_view);
/// "Name <address>" or an address.
std::optional<mailbox> parse_mailbox(std::string_view);

struct letter {
    event_id id;  ///< of the event that asked for it: Message-ID and the sender's idempotency key are made of it
    mailbox from;
    std::string to;
    instant date;
    std::string subject, text, html;  ///< UTF-8, lines end in \n
};

/// The letter's bytes, ASCII with lines of at most 998 characters ending in CRLF. The same letter gives the same bytes.
std::string render(const letter&);

}  // namespace airi::workers::email
