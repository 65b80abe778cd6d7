#include "gateway/auth/personal_data.hpp"

#include "platform/base/ascii.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/sealed_value.hpp"
#include "sql/statements.hpp"

namespace airi::gateway {
namespace {

constexpr std::string_view birth_dates = "users.birth_date", parents = "users.parent_email";

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
    auto opened = seal::open_value(key, user, birth_dates, stored);
    if (opened) return std::move(*opened);
    log::error("birth_date.unreadable", {{"user_id", user.text()}});
    return std::nullopt;
}

std::string with_birth_date(json::value object, const seal::key* key, user_id user) {
    json::object out;
    object.members([&](std::string_view name, json::value value) {
        const auto stored = name == "birth_date" ? value.string() : std::nullopt;
        if (stored)
            out.add(name, open_birth_date(key, user, *stored));
        else
            out.add_raw(name, value.text());
    });
    return out.text();
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

std::string recipient_of(const services& services, std::string_view address) {
    return digest::hmac_sha256_hex(services.refresh_key, "parent/" + lowered(address));
}

}  // namespace airi::gateway
