#include "workers/moderation/user_keys.hpp"

#include <map>
#include <set>

#include "platform/base/json.hpp"
#include "tests/support/cpp/contains.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::test;
using workers::moderation::user_keys;

namespace {

const secret old_secret("an encryption key of 32 bytes, or more"),
    new_secret("another encryption key of 32 bytes, or more");

struct key_fixture {
    loop io;
    fake_database database;
    seal::master master{old_secret};
    std::map<std::string, std::string> wrapped;  ///< by user, as Postgres has them
    std::set<std::string> minors;
    user_keys keys{io.on(), database, master};

    key_fixture() {
        database.answer = [this](const postgres::bound& asked) -> result<postgres::rows> {
            postgres::rows out;
            const bool whole = asked.statement->name == "user_keys.get";
            out.columns_ = whole ? 4 : 2;
            for (const auto& [user, key] : wrapped) {
                if (asked.statement->name == "user_keys.get" && !contains(parameter(asked, "users"), user)) continue;
                if (asked.statement->name == "user_keys.outdated" && !key.starts_with(parameter(asked, "mark")))
                    continue;
                if (asked.statement->name == "user_keys.rewrap") continue;
                out.cells_.emplace_back(user);
                out.cells_.emplace_back(key);
                if (!whole) continue;
                out.cells_.emplace_back(minors.contains(user) ? "t" : "f");
                out.cells_.emplace_back("pro");
            }
            return out;
        };
    }
    user_id join(seal::key key = seal::key::fresh()) {
        const auto user = user_id::fresh();
        wrapped[user.text()] = master.wrap(key, user);
        return user;
    }
    result<user_keys::shared_key> of(user_id user) { return io.run(keys.key_of(user)); }
    int queries() const { return database.use.calls(); }
};

awaitable<> ask(user_keys& keys, user_id user, std::vector<result<user_keys::shared_key>>& into) {
    into.push_back(co_await keys.key_of(user));
}

}  // namespace

TEST_CASE("a key is loaded once and cached; a missing key is loaded each time") {
    key_fixture h;
    const auto ann = h.join(), nobody = user_id::fresh();
    const auto first = h.of(ann).value();
    REQUIRE(first);
    CHECK(h.of(ann).value() == first);
    CHECK(h.queries() == 1);
    CHECK_FALSE(h.of(nobody).value());
    CHECK_FALSE(h.of(nobody).value());
    CHECK(h.queries() == 3);
    h.keys.forget(ann);
    CHECK(h.of(ann).value() != first);
    CHECK(h.queries() == 4);
}

TEST_CASE("concurrent lookups share one query, later ones the next") {
    key_fixture h;
    std::vector<user_id> users;
    for (int i = 0; i < 200; ++i) users.push_back(h.join());
    std::vector<result<user_keys::shared_key>> got;
    std::vector<char> done(2 * users.size());
    auto start = [&](std::size_t i, user_id user) {
        h.io.start(ask(h.keys, user, got), reinterpret_cast<bool&>(done[i]));
    };
    h.database.use.hold();
    for (std::size_t i = 0; i < users.size(); ++i) start(i, users[i % 100]);
    h.io.settle();
    CHECK(h.database.use.held() == 1);
    for (std::size_t i = 0; i < users.size(); ++i) start(users.size() + i, users[i]);
    h.io.settle();
    CHECK(h.database.use.held() == 1);
    h.database.use.release();
    REQUIRE(h.io.until([&] { return got.size() == 2 * users.size(); }));
    CHECK(h.queries() == 2);
    for (const auto& one : got) CHECK((one && *one));
}

TEST_CASE("SAAS-36: whether a user is a minor, and the plan, come with the key in one query") {
    key_fixture h;
    const auto ann = h.join(), child = h.join();
    h.minors.insert(child.text());
    CHECK(h.of(child).value());
    const auto traits = h.io.run(h.keys.traits_of(child));
    REQUIRE(traits);
    CHECK((traits->minor && traits->plan == "pro"));
    CHECK(h.queries() == 1);
    CHECK_FALSE(h.io.run(h.keys.traits_of(ann))->minor);
    const auto unknown = h.io.run(h.keys.traits_of(user_id::fresh()));
    CHECK((unknown && !unknown->minor && unknown->plan.empty()));
}

TEST_CASE("an outage of Postgres is an outage and not a missing key, and the lookup is repeated") {
    key_fixture h;
    const auto ann = h.join();
    h.database.use.fail_next(1, postgres::errc::unavailable);
    CHECK(h.of(ann).error() == failure::outage);
    CHECK(h.of(ann).value());
    const auto answer = std::exchange(
        h.database.answer, [](const postgres::bound&) -> result<postgres::rows> { throw std::runtime_error("stray"); });
    h.keys.forget(ann);
    CHECK(h.of(ann).error() == failure::outage);
    h.database.answer = answer;
    CHECK(h.of(ann).value());
}

TEST_CASE(
    "a key under an unknown ENCRYPTION_KEY waits for it; one that is broken is gone; the others of the query are "
    "found") {
    key_fixture h;
    const auto ann = h.join(), other = h.join(), broken = h.join();
    h.wrapped[other.text()] = seal::master(new_secret).wrap(seal::key::fresh(), other);
    h.wrapped[broken.text()] = h.wrapped[ann.text()];
    CHECK(h.of(other).error() == failure::outage);
    CHECK_FALSE(h.of(broken).value());
    CHECK(h.of(ann).value());
}

TEST_CASE("the number of cached keys is bounded, and every key is still found") {
    key_fixture h;
    h.database.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        const auto user = parameter(asked, "users").substr(2, 36);
        postgres::rows out;
        out.columns_ = 4;
        out.cells_ = {user, h.master.wrap(seal::key::fresh(), user_id::parse(user).value()), "f", "free"};
        return out;
    };
    const auto first = user_id::fresh();
    CHECK(h.of(first).value());
    for (int i = 0; i < 10'000; ++i) REQUIRE(h.of(user_id::fresh()).value());
    const auto before = h.queries();
    CHECK(h.of(first).value());
    CHECK(h.queries() == before + 1);
}

TEST_CASE("every key of the previous ENCRYPTION_KEY is wrapped again and stays the same") {
    key_fixture h;
    const auto ann = h.join(), bob = h.join();
    h.wrapped[bob.text()] = seal::master(new_secret).wrap(seal::key::fresh(), bob);
    const seal::master rotating(new_secret, old_secret);
    REQUIRE(h.io.run(user_keys::rewrap(h.database, rotating)));
    const auto saved = h.database.all("user_keys.rewrap");
    REQUIRE(saved.size() == 1);
    const auto parsed = json::document::parse(parameter(saved[0], "keys"));
    REQUIRE(parsed->root().size() == 1);
    std::string user, before, after;
    parsed->root().each([&](json::value k) {
        user = k["user_id"].string().value(), before = k["old"].string().value(), after = k["fresh"].string().value();
    });
    CHECK(user == ann.text());
    CHECK(before == h.wrapped[user]);
    const auto key = h.master.unwrap(before, ann);
    const auto same = seal::master(new_secret).unwrap(after, ann);
    REQUIRE(same);
    CHECK(seal::open(*same, seal::seal(*key, "hello", ""), ""));
    h.wrapped[user] = after;
    REQUIRE(h.io.run(user_keys::rewrap(h.database, rotating)));
    CHECK(h.database.all("user_keys.rewrap").size() == 1);
}
