#include "workers/moderation/resealing.hpp"

#include "events/crisis.hpp"
#include "platform/base/json.hpp"
#include "platform/crypto/digest.hpp"
#include "platform/crypto/sealed_value.hpp"
#include "tests/support/cpp/fake_database.hpp"
#include "tests/support/cpp/loop.hpp"
#include "tests/support/cpp/print.hpp"

using namespace airi;
using namespace airi::test;
namespace moderation = workers::moderation;

namespace {

const secret old_secret("an evidence key of 32 bytes, or more"),
    new_secret("another evidence key of 32 bytes, or more");

using cells = std::vector<std::optional<std::string>>;

postgres::rows rows_of(int columns, cells cells) {
    postgres::rows out;
    out.columns_ = columns;
    out.cells_ = {cells.begin(), cells.end()};
    return out;
}

json::document parsed(const postgres::bound& asked, std::string_view name) {
    auto out = json::document::parse(parameter(asked, name));
    return std::move(*out);
}

}  // namespace

TEST_CASE("evidence of the previous EVIDENCE_KEY is sealed with the current one, and what neither opens is kept") {
    loop io;
    fake_database database;
    const seal::keyring before(old_secret, {}, "evidence"), rotating(new_secret, old_secret, "evidence"),
        after(new_secret, {}, "evidence");
    const auto old = alert_id::fresh(), lost = alert_id::fresh();
    const auto context = before.seal("my words", events::place_of_context(old));
    const auto notes = before.seal("a note", events::place_of_notes(old));
    bool first = true;
    database.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        if (asked.statement->name != "crisis_alerts.outdated") return postgres::rows{};
        CHECK(parameter(asked, "mark") == after.mark());
        if (std::exchange(first, false))
            return rows_of(3, {old.text(), context, notes, lost.text(), "rubbish", std::nullopt});
        CHECK(parameter(asked, "after") == lost.text());
        return postgres::rows{};
    };
    REQUIRE(io.run(moderation::reseal_evidence(database, rotating)));
    const auto saved = database.all("crisis_alerts.reseal");
    REQUIRE(saved.size() == 1);
    std::vector<std::string> contexts;
    const auto alerts = parsed(saved[0], "alerts");
    alerts.root().each([&](json::value alert) {
        contexts.emplace_back(alert["context"].string().value());
        if (alert["id"].string() != old.text()) {
            CHECK(alert["notes"].is_null());
            return;
        }
        CHECK(alert["old_context"].string() == context);
        CHECK(alert["old_notes"].string() == notes);
        CHECK(after.open(alert["notes"].string().value(), events::place_of_notes(old)).value() == "a note");
    });
    REQUIRE(contexts.size() == 2);
    CHECK(after.open(contexts[0], events::place_of_context(old)).value() == "my words");
    CHECK(contexts[1] == "rubbish");
}

TEST_CASE("values from before sealing are sealed with their users' keys, and users without a key get one first") {
    loop io;
    fake_database database;
    const seal::master master(old_secret), stranger(new_secret);
    const auto ann = user_id::fresh(), bob = user_id::fresh(), eve = user_id::fresh();
    const auto key = seal::key::fresh();
    const auto wrapped = master.wrap(key, ann), foreign = stranger.wrap(key, eve);
    int changes = 2;
    database.answer = [&](const postgres::bound& asked) -> result<postgres::rows> {
        if (asked.statement->name == "user_keys.seal") return rows_of(1, {std::to_string(std::exchange(changes, 0))});
        return rows_of(4, {ann.text(), "users.birth_date", "2015-03-17", wrapped, bob.text(), "two_factor.secret", "00",
                              std::nullopt, eve.text(), "users.birth_date", "1990-02-28", foreign, ann.text(),
                              "contact_messages.recipient_hash", digest::sha256_hex("2015-03-17"), wrapped});
    };
    REQUIRE(io.run(moderation::seal_rows(database, master)));
    const auto saved = database.all("user_keys.seal");
    REQUIRE(saved.size() == 2);  // until nothing changes any more
    const auto values = parsed(saved[0], "values"), keys = parsed(saved[0], "keys");
    REQUIRE(values.root().size() == 2);
    values.root().each([&](json::value one) {
        CHECK(one["user_id"].string() == ann.text());
        CHECK(one["hash"].string() == seal::fingerprint(key, "2015-03-17"));
        if (one["column"].string() == "contact_messages.recipient_hash") {
            CHECK_FALSE(one["sealed"].exists());
            return;
        }
        CHECK(one["old"].string() == "2015-03-17");
        const auto opened = seal::open_value(&key, ann, one["column"].string().value(), one["sealed"].string().value());
        CHECK(opened.value() == "2015-03-17");
    });
    REQUIRE(keys.root().size() == 1);
    keys.root().each([&](json::value one) {
        CHECK(one["user_id"].string() == bob.text());
        CHECK(master.unwrap(one["key"].string().value(), bob));
    });
}
