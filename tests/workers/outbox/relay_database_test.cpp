// The outbox in Postgres: which events a relay sees and when, what several relays do to each other, and what the
// gateway's statements store.
#include <cstdlib>

#include "events/email.hpp"
#include "gateway/auth/account_mail.hpp"
#include "tests/support/cpp/fake_producer.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/places.hpp"
#include "tests/support/cpp/postgres_calls.hpp"
#include "tests/support/cpp/print.hpp"
#include "tests/support/cpp/servers.hpp"
#include "workers/outbox/relay.hpp"

using namespace airi;
using namespace airi::test;
using workers::outbox::relay;

namespace {

using strings = std::vector<std::string>;

const server& migrated() {
    static const server instance("postgres");
    static const bool done = [] {
        const auto& url = instance.address();
        const auto script = (source_root() / "deploy/migrate.sh").string();
        const auto command = "AIRI_APP_PASSWORD=app AIRI_WORKER_PASSWORD=worker bash '" + script + "' '" +
                             url.substr(0, url.rfind('/')) + "/outbox' saas >/dev/null";
        return std::system(command.c_str()) == 0;
    }();
    REQUIRE(done);
    return instance;
}

// As the superuser, or as the role "name:password". One connection.
std::unique_ptr<postgres::database> open(std::string_view role = {}) {
    const auto& admin = migrated().address();
    const auto host = admin.substr(admin.rfind('@'), admin.rfind('/') - admin.rfind('@'));
    const auto user = role.empty() ? admin.substr(0, admin.rfind('@')) : "postgresql://" + std::string(role);
    return postgres::open({secret(user + host + "/outbox"), 1, 100});
}

const postgres::prepared add{"test.add",
    "select outbox_add(gen_random_uuid(), 'email.requested.v1', $1, to_json($2::text), '', '')", {"key", "value"}};
const postgres::prepared lock{"test.lock", "select pg_advisory_lock(1)", {}};
const postgres::prepared unlock{"test.unlock", "select pg_advisory_unlock(1)", {}};
const postgres::prepared wait_for_lock{"test.wait", "select pg_advisory_xact_lock(1)", {}};
const postgres::prepared fail{"test.fail", "select 1 / 0", {}};
const postgres::prepared blocked{
    "test.blocked", "select count(*) from pg_locks where locktype = 'advisory' and not granted", {}};
const postgres::prepared empty{"test.empty", "truncate outbox", {}};
const postgres::prepared count{"test.count", "select count(*) from outbox", {}};
const postgres::prepared lapse{"test.lapse", "update outbox_leases set until = now() - interval '1 second'", {}};
// From then on the first statement of a worker that reads the leases stops between its snapshot and its locks, until
// the advisory lock is free.
const postgres::prepared pause_next{"test.pause_next", R"(do $$ begin
    create sequence pauses;
    create function pause() returns boolean language plpgsql security definer set search_path = airi as $f$ begin
        if nextval('pauses') = 1 then perform pg_advisory_xact_lock(1); end if;
        return true;
    end $f$;
    grant execute on function pause() to airi_worker;
    create policy pause on outbox_leases to airi_worker using (pause());
    alter table outbox_leases enable row level security;
end $$)",
    {}};
const postgres::prepared pause_no_more{"test.pause_no_more", R"(do $$ begin
    alter table outbox_leases disable row level security;
    drop policy pause on outbox_leases;
    drop function pause;
    drop sequence pauses;
end $$)",
    {}};
const postgres::prepared user{"test.user",
    "insert into users (id, email, display_name, plan, consent_pending, parent_email) "
    "select $1::uuid, $1 || '@example.com', 'Ada', id, $2::boolean, 'parent@example.com' from plans where is_default",
    {"id", "pending"}};

postgres::transaction of(std::initializer_list<postgres::bound> statements, std::optional<user_id> caller = {}) {
    postgres::transaction out{caller, {}};
    out.statements.assign(statements);
    return out;
}

struct outbox {
    loop io;
    std::unique_ptr<postgres::database> admin = open(), app = open("airi_app:app"), held = open(),
                                        first_session = open("airi_worker:worker"),
                                        second_session = open("airi_worker:worker");
    fake_producer sent;
    relay first{*first_session, sent, io.on(), "first"};
    relay second{*second_session, sent, io.on(), "second"};

    outbox() { REQUIRE(run(*admin, of({{&empty, {}}}))); }

    void store(const std::string& key, const std::string& value) { REQUIRE(run(*app, of({{&add, {key, value}}}))); }
    std::string rows() { return std::string(run(*admin, of({{&count, {}}})).value()[0].text(0, 0)); }
    strings values() const {
        strings out;
        for (const auto& one : sent.sent) out.push_back(one.value);
        return out;
    }
    // The number of events that it published.
    std::size_t look(relay& by) {
        const auto before = sent.sent.size();
        REQUIRE(io.run(by.look_once()));
        return sent.sent.size() - before;
    }
    // Runs a transaction that stores the event, then `end`, between which `meanwhile` happens.
    void while_open(const std::string& value, const postgres::prepared* end, const std::function<void()>& meanwhile) {
        REQUIRE(run(*held, of({{&lock, {}}})));
        auto work = of({{&add, {"key", value}}, {&wait_for_lock, {}}});
        if (end) work.statements.push_back({end, {}});
        bool done = false;
        io.start(run_it(admin.get(), std::move(work)), done);
        while_blocked(done, meanwhile);
    }
    // The started coroutine waits for the held lock; after `meanwhile` it goes on, until it is done.
    void while_blocked(const bool& done, const std::function<void()>& meanwhile) {
        REQUIRE(io.until([&] { return run(*held, of({{&blocked, {}}})).value()[0].text(0, 0) == "1"; }));
        meanwhile();
        REQUIRE(run(*held, of({{&unlock, {}}})));
        REQUIRE(io.until([&] { return done; }));
    }
    static awaitable<> run_it(postgres::database* on, postgres::transaction work) {
        (void)co_await on->run(std::move(work));
    }
};

}  // namespace

TEST_CASE("the event of a long transaction is not skipped by those committed meanwhile, and keeps its place") {
    outbox o;
    o.while_open("long", nullptr, [&] {
        o.store("key", "short");
        const auto found = o.io.run(o.first.look_once());
        REQUIRE(found);
        CHECK_FALSE(found->published);
        CHECK(found->waiting);
    });
    CHECK(o.look(o.first) == 2);
    CHECK(o.values() == strings{R"("long")", R"("short")"});
    CHECK(o.rows() == "0");
}

TEST_CASE("the event of a transaction that is rolled back is not published, those behind it are") {
    outbox o;
    o.while_open("undone", &fail, [&] { o.store("key", "short"); });
    CHECK(o.look(o.first) == 1);
    CHECK(o.values() == strings{R"("short")"});
    CHECK(o.rows() == "0");
}

TEST_CASE("a backlog is published in order, look by look") {
    outbox o;
    strings expected;
    postgres::transaction all;
    for (int i = 0; i < 450; ++i) {
        all.statements.push_back({&add, {"key", std::to_string(i)}});
        expected.push_back('"' + std::to_string(i) + '"');
    }
    REQUIRE(run(*o.app, std::move(all)));
    CHECK(o.look(o.first) == 200);
    CHECK(o.look(o.second) == 200);
    CHECK(o.look(o.first) == 50);
    CHECK(o.values() == expected);
}

TEST_CASE("one relay at a time has a partition, and a dead one's is taken over when its lease has run out") {
    outbox o;
    o.store("key", "1");
    o.sent.use.hold();
    bool done = false;
    o.io.start([](relay& by) -> awaitable<> { co_await by.look_once(); }(o.first), done);
    REQUIRE(o.io.until([&] { return o.sent.use.held() == 1; }));
    o.store("key", "2");
    const auto other = o.io.run(o.second.look_once());
    REQUIRE(other);
    CHECK_FALSE(other->published);
    CHECK(other->waiting);
    REQUIRE(run(*o.admin, of({{&lapse, {}}})));
    bool second_done = false;
    o.io.start([](relay& by) -> awaitable<> { co_await by.look_once(); }(o.second), second_done);
    REQUIRE(o.io.until([&] { return o.sent.use.held() == 2; }));
    o.sent.use.release();
    REQUIRE(o.io.until([&] { return done && second_done; }));
    // The first event is doubled, the second one is behind it.
    CHECK(o.values() == strings{R"("1")", R"("1")", R"("2")"});
    CHECK(o.rows() == "0");
}

TEST_CASE("a relay whose look began before another one's does not publish that one's events again") {
    outbox o;
    o.store("key", "1");
    REQUIRE(run(*o.held, of({{&lock, {}}})));
    REQUIRE(run(*o.admin, of({{&pause_next, {}}})));
    bool done = false;
    o.io.start([](relay& by) -> awaitable<> { co_await by.look_once(); }(o.second), done);
    o.while_blocked(done, [&] { CHECK(o.look(o.first) == 1); });
    REQUIRE(run(*o.admin, of({{&pause_no_more, {}}})));
    CHECK(o.values() == strings{R"("1")"});
    // It has freed the partition too.
    o.store("key", "2");
    CHECK(o.look(o.first) == 1);
}

TEST_CASE("relays share the partitions of many keys, and lose and double none") {
    outbox o;
    for (int i = 0; i < 40; ++i) o.store("key " + std::to_string(i), std::to_string(i));
    bool one = false, two = false;
    o.io.start([](relay& by) -> awaitable<> { co_await by.look_once(); }(o.first), one);
    o.io.start([](relay& by) -> awaitable<> { co_await by.look_once(); }(o.second), two);
    REQUIRE(o.io.until([&] { return one && two; }));
    auto values = o.values();
    std::sort(values.begin(), values.end());
    CHECK(std::unique(values.begin(), values.end()) == values.end());
    while (o.look(o.first) > 0) {
    }
    CHECK(o.sent.sent.size() == 40);
}

TEST_CASE("every mail that a statement of the gateway requests is an email.requested.v1 to its user") {
    outbox o;
    const gateway::request_trace trace{"00-trace", "r-1"};
    const auto adult = user_id::fresh(), child = user_id::fresh();
    REQUIRE(run(*o.admin, of({{&user, {adult.text(), "false"}}, {&user, {child.text(), "true"}}})));
    const auto bound = [&](std::string_view name, std::vector<sql::argument> arguments, bool notice) {
        arguments.emplace_back("link", "https://airi.example/?x=y");
        if (notice) arguments.emplace_back("time", now());
        gateway::add_origin(arguments, event_id::fresh(), trace);
        return sql::bind(sql::statement(name), arguments);
    };
    REQUIRE(run(*o.app,
        of({bound("email_links.create",
                {{"user", adult}, {"email", ""}, {"kind", "verify_email"}, {"hash", "h1"},
                    {"binding_hash", std::nullopt}, {"device", std::nullopt}, {"address", "192.0.2.1"},
                    {"user_agent", ""}},
                false),
            bound("email_links.create",
                {{"user", child}, {"email", ""}, {"kind", "verify_email"}, {"hash", "h2"},
                    {"binding_hash", std::nullopt}, {"device", std::nullopt}, {"address", "192.0.2.1"},
                    {"user_agent", ""}},
                false),
            bound("consents.parent_link",
                {{"user", adult}, {"hash", "h3"}, {"recipient", "a keyed hash"}, {"to", "parent@example.com"}}, false),
            bound("consents.parent_link",
                {{"user", child}, {"hash", "h4"}, {"recipient", "a keyed hash"}, {"to", "parent@example.com"}},
                false)})));
    REQUIRE(run(*o.app, of({bound("auth.password_notice", {}, true)}, adult)));
    REQUIRE(run(*o.app, of({bound("account_deletion.request", {{"hash", "h5"}}, false)}, adult)));
    REQUIRE(run(*o.app, of({bound("account_deletion.request", {{"hash", "h6"}}, false)}, adult)));
    while (o.look(o.first) > 0) {
    }
    strings kinds;
    for (const auto& one : o.sent.to("email.requested.v1")) {
        const auto mail = events::decode<events::email_requested>(one.value);
        REQUIRE(mail);
        CHECK(one.key == mail->user.text());
        CHECK(mail->user == (mail->kind == "parental_consent" ? child : adult));
        CHECK(mail->to == (mail->kind == "parental_consent" ? "parent@example.com" : adult.text() + "@example.com"));
        CHECK(mail->link == "https://airi.example/?x=y");
        CHECK(mail->locale == "en");
        CHECK(mail->variables.text.find("Ada") != std::string::npos);
        CHECK(mail->expires_at > now());
        CHECK(header(one, "x-request-id") == "r-1");
        kinds.push_back(mail->kind);
    }
    std::sort(kinds.begin(), kinds.end());
    CHECK(kinds == strings{"account_deletion", "parental_consent", "password_changed", "verify_email"});
}
