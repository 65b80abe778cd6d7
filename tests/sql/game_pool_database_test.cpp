// The size of a pool of game servers: the decision in each situation, and the steps of a pool in its rows.
#include <doctest/doctest.h>

#include "platform/base/json.hpp"
#include "sql/statements.hpp"
#include "tests/sql/product_databases.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::tests;

namespace {

constexpr std::string_view profile = "saas";

const postgres::prepared decision{"game_pool_test.decision",
    "select game_pool_decision($1::int, $2::int, $3::int, $4::int, $5::int, $6::interval, $7::interval)",
    {"servers", "starting", "places", "used", "waiting", "oldest", "low"}};
const postgres::prepared member{"game_pool_test.member",
    "with u as (insert into users (id, email, plan) select $1::uuid, $1::text, id from plans where is_default "
    "returning id), c as (insert into conversations (id, user_id, title) select $1::uuid, id, 'x' from u returning id) "
    "insert into gaming_sessions (id, user_id, conversation_id, game, companion_name, access_code, max_seconds, "
    "created_at, server_id, status) select $1::uuid, $1::uuid, id, $2, 'Airi', 'CODE', 60, "
    "now() - $3::interval, $4::uuid, case when $4::uuid is null then 'pending' else 'active' end from c",
    {"id", "game", "age", "server"}};
const postgres::prepared states{"game_pool_test.states",
    "select coalesce(string_agg(state, ' ' order by state), '') from game_servers where game = $1", {"game"}};
const postgres::prepared low{"game_pool_test.low",
    "update game_pools set low_since = now() - $2::interval where game = $1 and low_since is not null returning 1",
    {"game", "age"}};
const postgres::prepared leave{
    "game_pool_test.leave", "update gaming_sessions set status = 'completed' where server_id = $1::uuid", {"server"}};
const postgres::prepared expire{"game_pool_test.expire",
    "update game_servers set lease_until = now() where game = $1 and state = 'starting'", {"game"}};
const postgres::prepared session{"game_pool_test.session",
    "select coalesce(server_id::text, 'none'), epoch, lease_until is null, waiting_since is not null "
    "from gaming_sessions where id = $1::uuid",
    {"id"}};
const postgres::prepared claim{"game_pool_test.claim",
    "select gaming_claim($1::uuid, 'me', '10 s', '60 s', array[$2]) ->> 'server_id'", {"id", "game"}};
const postgres::prepared retry{
    "game_pool_test.retry", "update game_pools set retry_at = now() where game = $1 returning failures", {"game"}};
const postgres::prepared due{"game_pool_test.due", "update game_servers set due_at = now() where game = $1", {"game"}};

struct situation {
    const char *servers, *starting, *places, *used, *waiting, *oldest, *low;
    std::string_view change;
};

// The pool of a game of the test's own, as a worker sees it.
struct pool {
    std::string game, owner = "a", place = "here";

    explicit pool(std::string name) : game(std::move(name)) {
        databases().lines(profile, sql::bind("game_pool.id", {{"game", game}}), as_worker);
    }
    std::vector<std::string> step(std::string_view part) const {
        const auto text = databases().lines(profile,
            sql::bind("game_pool.step", {{"game", game}, {"driver", "process"}, {"place", place}, {"owner", owner},
                                            {"version", "1.20.2"}, {"check", "1 s"}}),
            as_worker);
        const auto parsed = json::document::parse(text);
        REQUIRE(parsed);
        std::vector<std::string> out;
        parsed->root()[part].each([&](json::value one) { out.emplace_back(one["id"].string().value_or("")); });
        return out;
    }
    std::string started(const std::string& id, std::string_view by) const {
        return databases().lines(profile,
            sql::bind("game_pool.started",
                {{"id", id}, {"owner", by}, {"handle", "h " + id}, {"host", "127.0.0.1"}, {"port", 25565}}),
            as_worker);
    }
    void checked(const std::string& id, std::string_view is) const {
        databases().lines(profile, sql::bind("game_pool.checked", {{"id", id}, {"is", is}}), as_worker);
    }
    void gone(const std::string& id) const {
        databases().lines(profile, sql::bind("game_pool.gone", {{"id", id}}), as_worker);
    }
    std::string states() const { return databases().row(profile, ::states, {game}); }
    // One that is ready.
    std::string server() const {
        const auto ids = step("start");
        REQUIRE(!ids.empty());
        CHECK(started(ids[0], owner) == "t");
        checked(ids[0], "well");
        return ids[0];
    }
    std::string session_on(std::optional<std::string> server, std::string age = "0 s") const {
        auto id = uuid::v7().text();
        databases().row(profile, member, {id, game, std::move(age), std::move(server)});
        return id;
    }
};

}  // namespace

TEST_CASE("SAAS-45: a pool has 2 to 10 servers, and grows at 0.8, 5 that wait or 5 s, and shrinks at 0.3 for 5 min") {
    const char *none = "0 s", *long_low = "5 min";
    const situation table[]{
        // From nothing to the fewest, also while one starts.
        {"0", "0", "0", "0", "0", none, nullptr, "2"},
        {"1", "1", "0", "0", "0", none, nullptr, "1"},
        {"1", "0", "5", "0", "0", none, long_low, "1"},
        {"2", "0", "10", "0", "0", none, nullptr, "0"},
        // By the places in use.
        {"2", "0", "10", "7", "0", none, nullptr, "0"},
        {"2", "0", "10", "8", "0", none, nullptr, "1"},
        {"4", "0", "20", "15", "0", none, nullptr, "0"},
        {"4", "0", "20", "16", "0", none, nullptr, "1"},
        {"9", "0", "45", "45", "0", none, nullptr, "1"},
        {"10", "0", "50", "50", "99", "1 h", nullptr, "0"},
        // By the sessions that wait, and by the oldest one.
        {"2", "0", "10", "0", "4", "4.9 s", nullptr, "0"},
        {"2", "0", "10", "0", "5", none, nullptr, "1"},
        {"2", "0", "10", "0", "1", "5 s", nullptr, "1"},
        {"2", "0", "10", "0", "1", "4.9 s", nullptr, "0"},
        // One at a time.
        {"3", "1", "10", "10", "9", "9 s", nullptr, "0"},
        {"3", "1", "10", "0", "0", none, long_low, "0"},
        // Down.
        {"3", "0", "15", "4", "0", none, long_low, "-1"},
        {"3", "0", "15", "4", "0", none, "4 min 59 s", "0"},
        {"3", "0", "15", "4", "0", none, nullptr, "0"},
        {"3", "0", "15", "5", "0", none, long_low, "0"},
        {"3", "0", "15", "0", "1", none, long_low, "0"},
        {"2", "0", "10", "0", "0", none, long_low, "0"},
        {"11", "0", "55", "0", "0", none, long_low, "-1"},
    };
    for (const auto& one : table) {
        CAPTURE(one.servers);
        CAPTURE(one.used);
        CAPTURE(one.waiting);
        std::optional<std::string> since;
        if (one.low) since = one.low;
        CHECK(databases().row(profile, decision,
                  {one.servers, one.starting, one.places, one.used, one.waiting, one.oldest, since}) == one.change);
    }
}

TEST_CASE("SAAS-45: a pool starts the fewest, grows with its sessions, and drains the emptiest one when it is low") {
    const pool pool("game-" + uuid::v7().text());
    const auto first = pool.server(), second = pool.server();
    CHECK(pool.states() == "ready ready");
    CHECK(pool.step("start").empty());
    for (int i = 0; i < 5; ++i) pool.session_on(first);
    for (int i = 0; i < 2; ++i) pool.session_on(second);
    CHECK(pool.step("start").empty());
    pool.session_on(second);
    const auto third = pool.server();
    CHECK(pool.states() == "ready ready ready");
    databases().row(profile, leave, {first});
    pool.step("check");
    CHECK(databases().row(profile, low, {pool.game, "299 s"}) == "1");
    pool.step("check");
    CHECK(pool.states() == "ready ready ready");
    const auto last = pool.session_on(third);
    CHECK(databases().row(profile, low, {pool.game, "301 s"}) == "1");
    CHECK(pool.step("stop") == std::vector{first});
    CHECK(pool.states() == "ready ready stopped");
    CHECK(pool.step("stop").empty());
    pool.gone(first);
    // It shrinks no further, and what drains comes back when places are needed.
    databases().row(profile, low, {pool.game, "1 h"});
    pool.step("stop");
    CHECK(pool.states() == "ready ready stopped");
}

TEST_CASE("SAAS-45: a server that drains keeps its sessions, gets no new one, and works again when it is needed") {
    const pool pool("game-" + uuid::v7().text());
    const auto first = pool.server(), second = pool.server();
    for (int i = 0; i < 4; ++i) pool.session_on(first), pool.session_on(second);
    const auto third = pool.server();
    databases().row(profile, leave, {first});
    databases().row(profile, leave, {second});
    for (const auto& each : {first, second, third}) pool.session_on(each);
    pool.step("check");
    CHECK(databases().row(profile, low, {pool.game, "301 s"}) == "1");
    CHECK(pool.step("stop").empty());
    CHECK(pool.states() == "draining ready ready");
    // The newest of the equally empty ones drains.
    const auto placed = databases().row(profile, claim, {pool.session_on({}), pool.game});
    CHECK((placed == first || placed == second));
    for (int i = 0; i < 5; ++i) pool.session_on({});
    CHECK(pool.step("start").empty());
    CHECK(pool.states() == "ready ready ready");
}

TEST_CASE("SAAS-45: three bad checks in a row end a server, and its sessions get another one") {
    const pool pool("game-" + uuid::v7().text());
    const auto first = pool.server(), second = pool.server();
    const auto session_id = pool.session_on(first);
    for (const auto* is : {"ill", "ill", "well", "ill", "ill"}) pool.checked(first, is);
    CHECK(pool.states() == "ready ready");
    pool.checked(first, "ill");
    CHECK(pool.states() == "failed ready");
    CHECK(pool.step("stop") == std::vector{first});
    CHECK(databases().row(profile, session, {session_id}) == "none|1|t|t");
    CHECK(databases().row(profile, claim, {session_id, pool.game}) == second);
    CHECK(databases().row(profile, session, {session_id}) == second + "|2|f|f");
    CHECK(pool.states() == "failed ready starting");
    pool.gone(first);
    CHECK(pool.states() == "ready starting");  // no session names it
}

TEST_CASE("SAAS-45: a start whose worker has died is given up, replaced after a while, and never ready") {
    const pool pool("game-" + uuid::v7().text());
    const auto ids = pool.step("start");
    REQUIRE(ids.size() == 2);
    CHECK(pool.step("start") == ids);  // the answer may have been lost
    auto other = pool;
    other.owner = "b";
    CHECK(other.step("start").empty());
    CHECK(other.started(ids[0], "b") == "f");
    databases().row(profile, expire, {pool.game});
    auto stopped = other.step("stop");
    CHECK(stopped.size() == 2);
    CHECK(pool.started(ids[0], "a") == "f");
    CHECK(other.step("start").empty());
    CHECK(databases().row(profile, retry, {pool.game}) == "2");
    CHECK(other.step("start").size() == 2);
    for (const auto& id : ids) pool.gone(id);
    CHECK(pool.states() == "starting starting");
}

TEST_CASE("SAAS-45: what two workers ask for is handed out once, and only where the server runs") {
    const pool one("game-" + uuid::v7().text());
    const auto first = one.server(), second = one.server();
    auto other = one, elsewhere = one;
    other.owner = "b";
    elsewhere.place = "there";
    databases().row(profile, due, {one.game});
    CHECK(elsewhere.step("check").empty());
    CHECK(one.step("check").size() == 2);
    CHECK(other.step("check").empty());
    const auto orphans = databases().lines(profile,
        sql::bind("game_pool.orphans",
            {{"game", one.game}, {"found", std::vector<std::string>{first, one.game.substr(5), second}}}),
        as_worker);
    CHECK(orphans == one.game.substr(5));
}
