#include "gateway/auth/personal_data.hpp"

#include <algorithm>
#include <span>
#include <stdexcept>

#include "gateway/auth/account_mail.hpp"
#include "platform/base/ascii.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/sealed_value.hpp"
#include "platform/text/phone_number.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view birth_dates = "users.birth_date", parents = "users.parent_email";

struct sealed_member {
    std::string_view name, column;
};
constexpr sealed_member profile_columns[] = {{"birth_date", birth_dates}};
constexpr sealed_member contact_columns[] = {{"phone", "trusted_contacts.phone"}, {"email", "trusted_contacts.email"}};

std::optional<std::string> open_or_log(
    const seal::key* key, user_id user, std::string_view column, std::string_view stored) {
    auto opened = seal::open_value(key, user, column, stored);
    if (opened) return std::move(*opened);
    log::error("value.unreadable", {{"column", column}, {"user_id", user.text()}});
    return std::nullopt;
}

std::string with_opened(json::value object, const seal::key* key, user_id user, std::span<const sealed_member> sealed) {
    json::object out;
    object.members([&](std::string_view name, json::value value) {
        const auto known = std::ranges::find(sealed, name, &sealed_member::name);
        const auto stored = known == sealed.end() ? std::nullopt : value.string();
        if (stored)
            out.add(name, open_or_log(key, user, known->column, *stored));
        else
            out.add_raw(name, value.text());
    });
    return out.text();
}

}  // namespace

std::string seal_signup(const services& services, user_id user, const std::optional<std::string>& birth_date,
    const std::optional<std::string>& parent_email) {
    const auto key = seal::key::fresh();
    const auto sealed = [&](std::string_view column, const std::optional<std::string>& text) {
        return text ? std::optional(seal::seal_value(key, user, column, *text)) : std::nullopt;
    };
    return json::object()
        .add("key", services.master.wrap(key, user))
        .add("birth_date", sealed(birth_dates, birth_date))
        .add("parent_email", sealed(parents, parent_email))
        .text();
}

std::optional<std::string> open_birth_date(const seal::key* key, user_id user, std::string_view stored) {
    return open_or_log(key, user, birth_dates, stored);
}

std::string with_birth_date(json::value object, const seal::key* key, user_id user) {
    return with_opened(object, key, user, profile_columns);
}

awaitable<result<std::optional<std::string>>> find_parent(services& services, const account& caller) {
    const auto rows =
        co_await postgres::run_one(services.database, caller.id, sql::bind("consents.parent_address", {}));
    if (!rows) co_return rows.error();
    const auto stored = rows->empty() ? std::nullopt : rows->optional_text(0, 0);
    if (!stored) co_return std::optional<std::string>{};
    auto opened = seal::open_value(caller.key.get(), caller.id, parents, *stored);
    if (!opened) co_return opened.error();
    co_return std::optional(std::move(*opened));
}

std::optional<std::string> read_phone(std::string_view phone) { return text::e164(phone); }

std::string seal_contact(const services& services, user_id user, const seal::key& key, const event_id& mail,
    const std::optional<std::string>& phone, const std::optional<std::string>& email) {
    json::object out;
    const std::optional<std::string>* values[] = {&phone, &email};
    for (std::size_t i = 0; i < std::size(values); ++i) {
        const auto& [name, column] = contact_columns[i];
        if (!*values[i]) continue;
        const auto& text = **values[i];
        out.add(name, seal::seal_value(key, user, column, text));
        out.add(std::string(name) + "_hash", seal::fingerprint(key, text));
        out.add(std::string(name) + "_counted", recipient_of(services, "contact", text));
    }
    if (email) out.add("to", seal_recipient(services, mail, *email));
    return out.text();
}

std::string with_addresses(json::value contact, const seal::key* key, user_id user) {
    return with_opened(contact, key, user, contact_columns);
}

std::string open_archive_head(std::string head, const seal::key* key, user_id user) {
    const auto parsed = json::document::parse(head + "}");
    if (!parsed) throw std::runtime_error("the head of an archive is not JSON");
    const auto open_members = [&](json::value object, std::span<const sealed_member> sealed) {
        for (const auto& [name, column] : sealed) {
            const auto stored = object[name].string();
            if (!stored) continue;
            const auto opened = open_or_log(key, user, column, *stored);
            const auto before = json::quoted(*stored);
            head.replace(head.rfind(before), before.size(), opened ? json::quoted(*opened) : "null");
        }
    };
    open_members(parsed->root()["profile"], profile_columns);
    parsed->root()["trusted_contacts"].each([&](json::value contact) { open_members(contact, contact_columns); });
    return head;
}

std::string recipient_of(const services& services, std::string_view kind, std::string_view address) {
    return digest::hmac_sha256_hex(services.refresh_key, std::string(kind) + "/" + lowered(address));
}

}  // namespace airi::gateway
