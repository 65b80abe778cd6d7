#include "workers/operations/shadow.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>

#include "platform/crypto/seal.hpp"
#include "platform/postgres/postgres.hpp"
#include "workers/chat/shadow.hpp"
#include "workers/moderation/shadow.hpp"
#include "workers/operations/replayed_record.hpp"

namespace airi::workers::operations {
namespace {

constexpr std::size_t batch_size = 200;

constexpr std::string_view of_moderation = "chat.requested.v1", of_chat = "chat.screened.v1";

std::string origin_of_topic(const std::string& topic) {
    kafka::message any;
    any.topic = topic;
    return origin_of(any);
}

result<> wait_for(boost::asio::io_context& io, awaitable<result<>> work) {
    result<> out;
    boost::asio::co_spawn(io, std::move(work), [&](const std::exception_ptr& thrown, result<> done) {
        if (thrown) std::rethrow_exception(thrown);
        out = done;
    });
    io.restart();
    io.run();
    return out;
}

result<std::int64_t> compare(const kafka::access& brokers, const replay_order& order, shadow& worker) {
    boost::asio::io_context io{1};
    if (const auto begun = wait_for(io, worker.begin()); !begun) return begun.error();
    auto reader = open_records(brokers, order);
    if (!reader) return reader.error();
    std::int64_t read = 0;
    std::vector<kafka::message> batch;
    for (bool ends = false; !ends;) {
        auto next = (*reader)->next();
        if (!next) return next.error();
        ends = !*next;
        if (!ends) {
            ++read;
            if (is_decision(**next) || !order.filter.matches(**next)) continue;
            batch.push_back(std::move(**next));
        }
        if (batch.empty() || (!ends && batch.size() < batch_size)) continue;
        if (const auto done = wait_for(io, worker.add(std::exchange(batch, {}))); !done) return done.error();
    }
    return read;
}

void print_counts(const char* heading, const std::map<std::string, std::int64_t>& counts) {
    if (!counts.empty()) fmt::print("{}\n", heading);
    for (const auto& [what, count] : counts) fmt::print("{:>8}  {}\n", count, what);
}

void print_report(const shadow_report& report, std::int64_t read) {
    fmt::print("{} of {} records compared, {} the same\n", report.compared, read, report.same);
    for (const auto& [difference, found] : report.differences) {
        fmt::print("{:>8}  {:<16} {:<28} {} -> {}\n", found.records, difference.way, difference.category,
            difference.stored, difference.present);
        fmt::print("          {}\n", fmt::join(found.examples, " "));
    }
    print_counts("not compared:", report.not_compared);
    print_counts("compared in part:", report.notes);
    fmt::print("nothing was written\n");
}

}  // namespace

std::string shadow_mistake(const replay_order& order, const shadow_settings& settings) {
    const auto topic = origin_of_topic(order.range.topic);
    if (topic != of_moderation && topic != of_chat)
        return fmt::format(
            "{} has no shadow: {} (moderation) and {} (chat) have", order.range.topic, of_moderation, of_chat);
    if (settings.database_url.empty()) return "DATABASE_URL is not set";
    if (topic == of_moderation && settings.encryption_key.empty()) return "ENCRYPTION_KEY is not set";
    return {};
}

int run_shadow(const kafka::access& brokers, const replay_order& order, const shadow_settings& settings) {
    const auto database =
        postgres::open({.url = settings.database_url, .connections = 1, .waiting = 10, .read_only = true});
    const seal::master master(settings.encryption_key, settings.encryption_key_previous);
    const auto worker = origin_of_topic(order.range.topic) == of_chat ? chat::open_shadow(*database)
                                                                      : moderation::open_shadow(*database, master);
    const auto read = compare(brokers, order, *worker);
    if (!read) {
        fmt::print(stderr, "airi-ctl: {}\n", read.error().message());
        return 1;
    }
    print_report(worker->report(), *read);
    return 0;
}

}  // namespace airi::workers::operations
