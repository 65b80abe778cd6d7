// Birth dates, parents' addresses, and trusted contacts' numbers and addresses, which Postgres has sealed with the
// users' keys. Used by the ways to sign up and by the few routes that show them.
#pragma once

#include <optional>
#include <string>

#include "gateway/services/services.hpp"
#include "platform/base/json.hpp"

namespace airi::gateway {

/// The parameter :sealed of account_create(): a new user's fresh key, wrapped, and what it seals.
std::string seal_signup(const services&, user_id, const std::optional<std::string>& birth_date,
    const std::optional<std::string>& parent_email);

/// A stored birth date; none when the key does not open it.
std::optional<std::string> open_birth_date(const seal::key*, user_id, std::string_view stored);
/// The object with its member `birth_date` opened, or null.
std::string with_birth_date(json::value object, const seal::key*, user_id);

/// The address of the parent of the account's child; none when it has none.
awaitable<result<std::optional<std::string>>> find_parent(services&, const account&);

/// A phone number as E.164; none when it is no number with a country code.
std::optional<std::string> read_phone(std::string_view);
/// The parameter :sealed of contact_add(), for the mail with this event; the phone number is E.164.
std::string seal_contact(const services&, user_id, const seal::key&, const event_id&,
    const std::optional<std::string>& phone, const std::optional<std::string>& email);
/// A contact with its members `phone` and `email` opened, or null.
std::string with_addresses(json::value contact, const seal::key*, user_id);
/// The head of an archive, an object without its last brace, with everything opened that is sealed in it.
std::string open_archive_head(std::string head, const seal::key*, user_id);

/// By which messages to people without an account are counted without their addresses. `kind`: parent, contact.
std::string recipient_of(const services&, std::string_view kind, std::string_view address);

}  // namespace airi::gateway
