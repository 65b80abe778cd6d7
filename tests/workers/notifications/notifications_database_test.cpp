// Notices on each product, from the statement that requests one to the user's row.
#include "workers/notifications/notifications.hpp"

#include <algorithm>

#include "platform/base/json.hpp"
#include "sql/statements.hpp"
#include "tests/sql/product_databases.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_channel.hpp"
#include "tests/support/cpp/fake_producer.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"
#include "workers/runtime/apply_effects.hpp"

using namespace airi;
using namespace airi::test;
using namespace airi::tests;
using namespace airi::workers;

namespace {

// The requested notices of a user, taken out of the outbox.
const postgres::prepared requested_notices{"notices.requested",
    "with taken as (delete from outbox where key = $1 and topic = 'notification.requested.v1' returning *) "
    "select event_id, value from taken",
    {"user"}};
const postgres::prepared known_flow{"notices.flow",
    "insert into identity_flows (id, state_hash, binding_hash, nonce_hash, provider, state, issuer, subject, email, "
    "email_verified, name) values ($1::uuid, $1::text, 'binding', 'nonce', 'google', 'known', 'https://issuer', "
    "$1::text, "
    "$1 || '@example.com', true, 'Grace')",
    {"id"}};
const postgres::prepared stored{"notices.stored",
    "select kind, type, title, is_read from notifications where user_id = $1::uuid order by created_at", {"user"}};
const postgres::prepared german{"notices.german", "update users set locale = 'de' where id = $1::uuid", {"user"}};
const postgres::prepared erase{"notices.erase", "select erase_account($1::uuid)", {"user"}};
const postgres::prepared is_exported{
    "notices.exported", "select count(*) from export_sections() where name = 'notifications'", {}};

struct notice {
    event_id id;
    std::string value;
};

struct product_notices {
    std::string profile;
    loop io;
    fake_channel frames;
    fake_producer producer;

    explicit product_notices(std::string_view name) : profile(name) {}

    const std::string sealed = json::object().add("key", std::string(152, '0')).text();

    std::string as_app(std::string_view statement, std::initializer_list<sql::argument> arguments,
        std::optional<user_id> caller = std::nullopt) {
        return databases().lines(profile, sql::bind(statement, arguments), as_gateway, caller);
    }
    user_id sign_up() {
        const auto user = user_id::fresh();
        CHECK(as_app("auth.signup", {{"id", user}, {"email", user.text() + "@example.com"}, {"password_hash", "x"},
                                        {"display_name", "Ada"}, {"metadata", "{}"}, {"birth_date", "1990-01-01"},
                                        {"parent_email", std::nullopt}, {"sealed", sealed}, {"consents", "[]"},
                                        {"address", ""}}) == "made");
        return user;
    }
    user_id sign_up_with_provider() {
        const auto user = user_id::fresh(), flow = user_id::fresh();
        databases().row(profile, known_flow, {flow.text()});
        const auto row = as_app(
            "oauth.conclude", {{"flow", flow}, {"binding_hash", "binding"}, {"new_user", user}, {"claim", std::nullopt},
                                  {"birth_date", "1990-01-01"}, {"parent_email", std::nullopt}, {"sealed", sealed},
                                  {"consents", "[]"}, {"address", ""}, {"frontend", "https://airi.example"}});
        CHECK(row.starts_with("good|" + user.text()));
        return user;
    }
    // The one notice that was requested for the user since the last call.
    notice only_request(const user_id& user) {
        const auto row = databases().lines(profile, {&requested_notices, {user.text()}});
        REQUIRE(std::count(row.begin(), row.end(), '\n') == 0);
        REQUIRE(!row.empty());
        return {event_id::parse(row.substr(0, 36)).value(), row.substr(37)};
    }
    error_code deliver(const user_id& user, const notice& notice) {
        auto& database = databases().at(profile, as_worker);
        const kafka::message message{
            "notification.requested.v1", 0, 0, now(), user.text(), notice.value, {{"ce_id", notice.id.text()}}};
        const auto wanted = io.run(notifications::declare(database).handle(record{message}));
        if (!wanted) return wanted.error();
        const auto done = io.run(apply_effects(*wanted, {database, producer, frames}));
        return done ? error_code{} : done.error();
    }
    std::string rows(const user_id& user) { return databases().lines(profile, {&stored, {user.text()}}); }
};

std::string welcome_to(std::string_view product) { return "welcome|info|Welcome to " + std::string(product) + "|f"; }

}  // namespace

TEST_CASE("AIRI-01: whoever signs up is welcomed once, by password or by a provider, on each product") {
    for (const auto& product : documented_profiles) {
        CAPTURE(product.profile);
        product_notices f(product.profile);
        for (const auto& user : {f.sign_up(), f.sign_up_with_provider()}) {
            const auto request = f.only_request(user);
            f.frames.announcements.clear();
            CHECK(f.deliver(user, request) == error_code{});
            CHECK(f.deliver(user, request) == error_code{});
            CHECK(f.rows(user) == welcome_to(product.product_name));
            REQUIRE(!f.frames.announcements.empty());
            CHECK(f.frames.announcements[0].channel == events::channel_of(user));
            CHECK(contains(f.frames.announcements[0].frame, request.id.text()));
        }
    }
}

TEST_CASE("a notice is in the language of the user's profile") {
    product_notices f("ezri");
    const auto user = f.sign_up();
    databases().row("ezri", german, {user.text()});
    CHECK(f.deliver(user, f.only_request(user)) == error_code{});
    CHECK(f.rows(user) == "welcome|info|Willkommen bei Ezri|f");
}

TEST_CASE("EZRI-48: a deleted notice does not come back when its event is delivered again") {
    product_notices f("ezri");
    const auto user = f.sign_up(), other = f.sign_up();
    const auto request = f.only_request(user);
    CHECK(f.deliver(user, request) == error_code{});
    CHECK(f.as_app("notifications.delete", {{"id", request.id}}, other) == "");
    CHECK(contains(f.as_app("notifications.read", {{"id", request.id}}, user), R"("is_read" : true)"));
    CHECK(f.rows(user) == "welcome|info|Welcome to Ezri|t");
    CHECK(contains(f.as_app("notifications.delete", {{"id", request.id}}, user), request.id.text()));
    f.frames.announcements.clear();
    CHECK(f.deliver(user, request) == error_code{});
    CHECK(f.rows(user) == "");
    CHECK(f.frames.announcements.empty());
}

TEST_CASE("EZRI-48: notices are exported, and an erased account has and gets none") {
    product_notices f("ezri");
    const auto user = f.sign_up();
    const auto request = f.only_request(user);
    CHECK(databases().row("ezri", is_exported) == "1");
    CHECK(f.deliver(user, request) == error_code{});
    CHECK(f.rows(user) != "");
    CHECK(databases().row("ezri", erase, {user.text()}) == "t");
    CHECK(f.rows(user) == "");
    CHECK(f.deliver(user, {event_id::fresh(), request.value}) == error_code{});
    CHECK(f.rows(user) == "");
}
