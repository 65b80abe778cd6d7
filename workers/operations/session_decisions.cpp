#include "workers/operations/session_decisions.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "events/codec.hpp"
#include "events/gaming.hpp"
#include "platform/crypto/seal.hpp"
#include "sql/statements.hpp"
#include "workers/gaming/session_replay.hpp"

namespace airi::workers::operations {
namespace {

int failed(std::string_view why) {
    fmt::print(stderr, "airi-ctl: {}\n", why);
    return 1;
}

result<std::vector<events::gaming_changed>> read_records(const kafka::access& brokers, const replay_order& order) {
    auto reader = open_records(brokers, order);
    if (!reader) return reader.error();
    std::vector<events::gaming_changed> out;
    const auto read = kafka::read_all(**reader, [&](const kafka::message& record) -> result<> {
        if (!order.filter.matches(record)) return {};
        auto event = events::decode<events::gaming_changed>(record.value);
        if (!event) return event.error();
        out.push_back(std::move(*event));
        return {};
    });
    if (!read) return read.error();
    return out;
}

void print(const gaming::session_again& made) {
    fmt::print("{:<10} {:<20} {:<32} {}\n", "record", "of", "recorded", "now");
    for (const auto& each : made.decisions)
        fmt::print("{:<10} {:<20} {:<32} {}{}\n", fmt::format("{}.{}", each.epoch, each.number), each.what,
            each.recorded, each.now, each.difference.empty() ? "" : "   <- " + each.difference);
    fmt::print("{} decisions made again\n", made.decisions.size());
    if (made.without_inputs > 0)
        fmt::print("{} have no inputs: they were too long, or there was no key\n", made.without_inputs);
}

}  // namespace

int replay_session(const ctl_settings& settings, const replay_order& order, operator_session& session) {
    const auto records = read_records(settings, order);
    if (!records) return failed(records.error().message());
    if (records->empty()) return failed(fmt::format("there is no record of the session {}", *order.filter.key));
    const auto user = records->front().user;
    const auto rows = session.run(sql::bind("user_keys.get", {{"users", std::vector<std::string>{user.text()}}}));
    if (!rows) return failed(rows.error().message());
    if (rows->empty()) return failed("the session's user has no key any more: nobody can read what was recorded");
    const seal::master master(settings.encryption_key, settings.encryption_key_previous);
    const auto key = master.unwrap(rows->text(0, 1), user);
    if (!key) return failed(key.error().message());
    const auto made = gaming::decide_again(*records, *key);
    print(made);
    return made.difference.empty() ? 0 : failed(made.difference);
}

}  // namespace airi::workers::operations
