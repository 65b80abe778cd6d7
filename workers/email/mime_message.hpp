// An e-mail as values, its addresses, and its form on the wire (RFC 5322, multipart/alternative). Pure.
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

/// An ASCII addr-spec without quoting, so that it can be written into a header as it is.
bool is_address(std::string_view);
/// "Name <address>" or an address.
std::optional<mailbox> parse_mailbox(std::string_view);

struct mime_message {
    event_id id;  ///< of the event that requested it; Message-ID is made of it
    mailbox from;
    std::string to;
    instant date;
    std::string subject, text, html;  ///< UTF-8, lines end in \n
};

/// ASCII with lines of at most 998 characters ending in CRLF. The same message gives the same bytes.
std::string render(const mime_message&);

}  // namespace airi::workers::email
