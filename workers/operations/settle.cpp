#include "workers/operations/settle.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "events/email.hpp"
#include "events/topics.hpp"
#include "platform/kafka/groups.hpp"
#include "sql/statements.hpp"

namespace airi::workers::operations {
namespace {

constexpr milliseconds broker_limit{30'000};
constexpr std::string_view mail_group = "mail";
// An event is published soon after its transaction, whose time may be another machine's.
constexpr seconds before_the_restore{60};

// `begun`: the positions to begin at; a partition without one begins at `since`.
result<> read_topic(const kafka::access& brokers, const std::string& topic, std::optional<instant> since,
    const kafka::positions& begun, const std::function<result<>(const kafka::message&)>& each) {
    auto reader = kafka::topic_reader::open(
        brokers, {.topic = topic, .from = since, .to = {}, .skips_gone = true}, begun, broker_limit);
    if (!reader) return reader.error();
    return kafka::read_all(**reader, each);
}

// The positions at which the group goes on with the topic.
kafka::positions places_of(const std::vector<kafka::group_state>& groups, const std::string& topic) {
    kafka::positions out;
    for (const auto& group : groups)
        if (group.name == mail_group)
            for (const auto& place : group.places)
                if (place.topic == topic) out[place.partition] = place.next;
    return out;
}

result<std::int64_t> settle_mails(const kafka::access& brokers, operator_session& session, instant since) {
    const auto groups = kafka::groups_of(brokers, broker_limit);
    if (!groups) return groups.error();
    const std::string topic(events::email_requested::topic), retries = topic + events::retry_suffix;
    std::set<std::string, std::less<>> waiting;
    const auto read = read_topic(
        brokers, retries, std::nullopt, places_of(*groups, retries), [&](const kafka::message& record) -> result<> {
            waiting.emplace(record.header_value("ce_id"));
            return {};
        });
    if (!read) return read.error();
    std::int64_t count = 0;
    const auto places = places_of(*groups, topic);
    const auto done = read_topic(brokers, topic, since, {}, [&](const kafka::message& record) -> result<> {
        const auto place = places.find(record.partition);
        const auto id = record.header_value("ce_id");
        if (place == places.end() || record.offset >= place->second || waiting.contains(id)) return {};
        const auto added = session.run(
            sql::bind("inbox.add", {{"consumer", mail_group}, {"event", id}, {"at", to_text(record.appended)}}));
        if (!added) return added.error();
        ++count;
        return {};
    });
    if (!done) return done.error();
    return count;
}

result<std::int64_t> settle_outbox(const kafka::access& brokers, operator_session& session, instant since) {
    const auto rows = session.run(sql::bind("outbox.events", {}));
    if (!rows) return rows.error();
    std::set<std::string, std::less<>> topics;
    std::set<std::string, std::less<>> events;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        events.emplace(rows->text(i, 0));
        topics.emplace(rows->text(i, 1));
    }
    std::int64_t count = 0;
    for (const auto& topic : topics) {
        const auto read =
            read_topic(brokers, topic, since - before_the_restore, {}, [&](const kafka::message& record) -> result<> {
                const auto known = events.find(record.header_value("ce_id"));
                if (known == events.end()) return {};
                const auto gone = session.run(sql::bind("outbox.was_published", {{"event", *known}}));
                if (!gone) return gone.error();
                events.erase(known);
                ++count;
                return {};
            });
        if (!read) return read.error();
    }
    return count;
}

}  // namespace

result<settled> settle(const kafka::access& brokers, operator_session& session, instant since) {
    const auto mails = settle_mails(brokers, session, since);
    if (!mails) return mails.error();
    const auto events = settle_outbox(brokers, session, since);
    if (!events) return events.error();
    return settled{*mails, *events};
}

}  // namespace airi::workers::operations
