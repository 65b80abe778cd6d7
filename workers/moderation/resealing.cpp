#include "workers/moderation/resealing.hpp"

#include "events/crisis.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/sealed_value.hpp"
#include "sql/statements.hpp"

namespace airi::workers::moderation {
namespace {

// Their texts are not there any more.
constexpr std::string_view old_hashes = "contact_messages.recipient_hash";

// As it is under the current key; none when neither key opens it.
std::optional<std::string> resealed(
    const seal::keyring& evidence, const std::optional<std::string>& stored, const std::string& place) {
    if (!stored || stored->empty() || stored->starts_with(evidence.mark())) return stored;
    const auto opened = evidence.open(*stored, place);
    return opened ? std::optional(evidence.seal(*opened, place)) : std::nullopt;
}

// One batch; the number of changes.
awaitable<result<std::int64_t>> seal_batch(postgres::database& database, const seal::master& master) {
    const auto rows = co_await postgres::run_one(database, std::nullopt, sql::bind("user_keys.unsealed", {}));
    if (!rows) co_return rows.error();
    if (rows->empty()) co_return 0;
    json::array values, keys;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        const auto [user, column, text, wrapped] =
            rows->read<user_id, std::string, std::string, std::optional<std::string>>(i);
        if (!wrapped) {
            keys.add(json::object().add("user_id", user.text()).add("key", master.wrap(seal::key::fresh(), user)));
            continue;
        }
        const auto key = master.unwrap(*wrapped, user);
        if (!key) continue;
        json::object value;
        value.add("user_id", user.text()).add("column", column).add("old", text);
        if (column == old_hashes)
            value.add("hash", seal::fingerprint_of_digest(*key, text));
        else
            value.add("sealed", seal::seal_value(*key, user, column, text)).add("hash", seal::fingerprint(*key, text));
        values.add(value);
    }
    const auto saved = co_await postgres::run_one(
        database, std::nullopt, sql::bind("user_keys.seal", {{"values", values.text()}, {"keys", keys.text()}}));
    if (!saved) co_return saved.error();
    co_return saved->integer(0, 0);
}

}  // namespace

awaitable<result<>> reseal_evidence(postgres::database& database, const seal::keyring& evidence) {
    std::optional<alert_id> last;
    std::size_t unreadable = 0;
    while (true) {
        const auto rows = co_await postgres::run_one(
            database, std::nullopt, sql::bind("crisis_alerts.outdated", {{"mark", evidence.mark()}, {"after", last}}));
        if (!rows) co_return rows.error();
        if (rows->empty()) break;
        json::array alerts;
        for (std::size_t i = 0; i < rows->size(); ++i) {
            const auto [id, context, notes] =
                rows->read<alert_id, std::optional<std::string>, std::optional<std::string>>(i);
            last = id;
            const auto new_context = resealed(evidence, context, events::place_of_context(id));
            const auto new_notes = resealed(evidence, notes, events::place_of_notes(id));
            unreadable += (context && !new_context) || (notes && !new_notes);
            alerts.add(json::object()
                    .add("id", id.text())
                    .add("context", new_context ? new_context : context)
                    .add("notes", new_notes ? new_notes : notes)
                    .add("old_context", context)
                    .add("old_notes", notes));
        }
        const auto saved = co_await postgres::run_one(
            database, std::nullopt, sql::bind("crisis_alerts.reseal", {{"alerts", alerts.text()}}));
        if (!saved) co_return saved.error();
        log::info("evidence.resealed", {{"alerts", saved->affected()}});
    }
    if (unreadable > 0) log::error("evidence.unreadable", {{"alerts", unreadable}});
    co_return result<>{};
}

awaitable<result<>> seal_rows(postgres::database& database, const seal::master& master) {
    while (true) {
        const auto changed = co_await seal_batch(database, master);
        if (!changed) co_return changed.error();
        if (*changed == 0) co_return result<>{};
        log::info("user_values.sealed", {{"values", *changed}});
    }
}

}  // namespace airi::workers::moderation
