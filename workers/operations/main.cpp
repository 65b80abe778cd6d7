// airi-ctl: replays topics, decides about dead letters, shows and moves consumer groups, shows and grows topics, keeps
// the archive; and what administrators do.
#include <fmt/format.h>

#include <cstdio>

#include "platform/base/log.hpp"
#include "workers/operations/admin_commands.hpp"
#include "workers/operations/archive_commands.hpp"
#include "workers/operations/audit_entry.hpp"
#include "workers/operations/command_line.hpp"
#include "workers/operations/dead_letters.hpp"
#include "workers/operations/file_lock.hpp"
#include "workers/operations/groups.hpp"
#include "workers/operations/migrations.hpp"
#include "workers/operations/reprocess.hpp"
#include "workers/operations/session_decisions.hpp"
#include "workers/operations/settle.hpp"
#include "workers/operations/shadow.hpp"
#include "workers/operations/state_file.hpp"
#include "workers/operations/topics.hpp"

namespace {

using namespace airi;
using namespace airi::workers::operations;

int failed(const error_code& why) {
    fmt::print(stderr, "airi-ctl: {}\n", why.message());
    return 1;
}

int refuse(const std::string& mistake) {
    fmt::print(stderr, "airi-ctl: {}\n", mistake);
    return 2;
}

void print_summary(const replay_order& order, const replay_summary& done, const std::string& id) {
    fmt::print("{} of {} records match\n", done.matched, done.read);
    for (const auto& [type, count] : done.by_type) fmt::print("  {:<40} {:>12}\n", type, count);
    for (const auto& [hour, count] : done.by_hour) fmt::print("  {:<40} {:>12}\n", hour, count);
    if (done.left_out > 0) fmt::print("{} were replayed too often and are left out\n", done.left_out);
    if (order.dry_run) return;
    if (order.decides) fmt::print("{} {}\n", done.sent, name_of(*order.decides));
    if (!order.decides || *order.decides == decision::retried) fmt::print("{} sent, x-replay-id {}\n", done.sent, id);
}

// `sent`: of the audit log.
int run_replay(const kafka::access& brokers, const replay_order& order, const std::string& state_file,
    std::optional<std::int64_t>& sent) {
    std::optional<result<file_lock>> alone;
    if (!state_file.empty()) alone.emplace(file_lock::take(state_file));
    if (alone && !*alone) return failed(alone->error());
    const auto begun = load_place(state_file, order);
    if (!begun) return failed(begun.error());
    // A file that cannot be written shows before anything is sent.
    if (const auto stored = store_place(state_file, order, *begun); !stored) return failed(stored.error());
    auto shown = std::chrono::steady_clock::now();
    replay_watch watch;
    watch.store = [&](const replay_place& place) { return store_place(state_file, order, place); };
    watch.progress = [&](const replay_summary& so_far, std::int64_t left) {
        if (std::chrono::steady_clock::now() - shown < seconds{1}) return true;
        sent = so_far.sent;
        shown = std::chrono::steady_clock::now();
        fmt::print(stderr, "{} read, {} sent, {} left\n", so_far.read, so_far.sent, left);
        return true;
    };
    const auto done = replay(brokers, order, *begun, watch);
    if (!done) return failed(done.error());
    sent = done->sent;
    print_summary(order, *done, begun->id);
    return 0;
}

int list(const kafka::access& brokers, const command_line& asked) {
    const auto topics = dead_letter_topics(asked.topic);
    const auto counts = count_dead_letters(brokers, topics, asked.order.range, asked.order.filter);
    if (!counts) return failed(counts.error());
    fmt::print("{:>8}  {:<20}  {:<20}  {:<8} {:<28} {:<14} {}\n", "records", "first", "last", "decision", "topic",
        "group", "error");
    for (const auto& [kind, count] : *counts)
        fmt::print("{:>8}  {:<20}  {:<20}  {:<8} {:<28} {:<14} {}\n", count.records, to_text(count.first).substr(0, 19),
            to_text(count.last).substr(0, 19), name_of(kind.decided), kind.topic, kind.group, kind.error);
    return 0;
}

int show(const kafka::access& brokers, const command_line& asked) {
    auto left = asked.limit;
    const auto done = read_dead_letters(brokers, dead_letter_topics(asked.topic), asked.order.range, asked.order.filter,
        [&](const kafka::message& record, decision decided) {
            if (decided != asked.order.decided) return true;
            fmt::print("{}\n", dead_letter_json(record, decided, true).text());
            return --left > 0;
        });
    return done ? 0 : failed(done.error());
}

int list_groups(const kafka::access& brokers, const command_line& asked) {
    const auto lines = group_lines(brokers, asked.order.filter.group);
    if (!lines) return failed(lines.error());
    fmt::print("{:<16} {:<12} {:>7}  {:<28} {:>10}  {}\n", "group", "state", "members", "topic", "waiting", "since");
    for (const auto& one : *lines)
        fmt::print("{:<16} {:<12} {:>7}  {:<28} {:>10}  {}\n", one.group, one.state, one.members, one.topic, one.lag,
            one.oldest ? to_text(*one.oldest).substr(0, 19) : "");
    return 0;
}

int move(const kafka::access& brokers, const command_line& asked) {
    const auto done = move_group(brokers, {*asked.order.filter.group, *asked.topic, asked.at, asked.order.dry_run});
    if (!done) return failed(done.error());
    if (!done->mistake.empty()) {
        fmt::print(stderr, "airi-ctl: {}\n", done->mistake);
        return 2;
    }
    for (const auto& [partition, from, to] : done->places)
        fmt::print("{} {:>4}  {:>12} -> {}\n", *asked.topic, partition, from < 0 ? "none" : std::to_string(from), to);
    if (asked.order.dry_run) fmt::print("nothing was moved\n");
    return 0;
}

std::string days_of(milliseconds kept) {
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(kept).count();
    return hours % 24 == 0 ? fmt::format("{} d", hours / 24) : fmt::format("{} h", hours);
}

int list_topics(const kafka::access& brokers) {
    const auto topics = kafka::topics_of(brokers, seconds{30});
    if (!topics) return failed(topics.error());
    fmt::print("{:<36} {:>10} {:>12}  {:<8}  {}\n", "topic", "partitions", "records", "kept", "oldest");
    for (const auto& one : *topics)
        fmt::print("{:<36} {:>10} {:>12}  {:<8}  {}\n", one.name, one.first.size(), one.records(),
            one.retention ? days_of(*one.retention) : "for ever", one.oldest ? to_text(*one.oldest).substr(0, 19) : "");
    return 0;
}

int grow(const kafka::access& brokers, const command_line& asked) {
    const auto done = grow_topic(brokers, {*asked.topic, asked.partitions, asked.order.dry_run});
    if (!done) return failed(done.error());
    for (const auto& obstacle : done->obstacles) fmt::print(stderr, "airi-ctl: {}\n", obstacle);
    if (!done->obstacles.empty()) return 2;
    fmt::print("{}: {} -> {} partitions\n", *asked.topic, done->before, asked.partitions);
    if (asked.order.dry_run) fmt::print("nothing was changed\n");
    if (done->meanwhile == 0) return 0;
    fmt::print(stderr,
        "airi-ctl: {} records arrived meanwhile; those of one key may be read in another order than they were sent\n",
        done->meanwhile);
    return 1;
}

int shadow_of(const ctl_settings& settings, const replay_order& order) {
    const shadow_settings own{settings.database_url, settings.encryption_key, settings.encryption_key_previous};
    if (const auto mistake = shadow_mistake(order, own); !mistake.empty()) return refuse(mistake);
    return run_shadow(settings, order, own);
}

std::string operator_of(const command_line& asked) { return asked.as.empty() ? login_name() : asked.as; }

int decide_session_again(const ctl_settings& settings, const command_line& asked) {
    if (settings.database_url.empty()) return refuse("DATABASE_URL is not set");
    if (settings.encryption_key.empty()) return refuse("ENCRYPTION_KEY is not set");
    operator_session session(settings.database_url, operator_of(asked));
    return replay_session(settings, asked.order, session);
}

// From all records that were ever published: else the sums of the table would be too low.
int reprocess(const ctl_settings& settings, const command_line& asked, std::optional<std::int64_t>& sent) {
    const auto& table = *find_rebuilt_table(asked.reprocess);
    fmt::print("{}: {}\n", table.name, table.how);
    if (!table.topic.empty()) {
        const auto missing = asked.from_archive ? complete_archive(settings, std::string(table.topic))
                                                : missing_records(settings, std::string(table.topic));
        if (!missing) return failed(missing.error());
        if (!missing->empty()) return refuse(*missing);
        if (const auto status = run_replay(settings, asked.order, asked.state_file, sent); status != 0) return status;
        if (asked.order.dry_run) return 0;
        if (const auto done = wait_for_group(settings, table); !done) return failed(done.error());
    }
    if (asked.order.dry_run) return 0;
    operator_session session(settings.database_url, operator_of(asked));
    const auto corrected = correct_sums(session);
    if (!corrected) return failed(corrected.error());
    fmt::print("{} sums of usage_daily corrected\n", *corrected);
    return 0;
}

int settle_restored(const ctl_settings& settings, const command_line& asked) {
    operator_session session(settings.database_url, operator_of(asked));
    const auto done = settle(settings, session, *asked.order.range.from);
    if (!done) return failed(done.error());
    fmt::print("{} mails count as sent, {} events have left the outbox\n", done->mails, done->events);
    return 0;
}

int run(const ctl_settings& brokers, command_line& asked, std::optional<std::int64_t>& sent) {
    if (asked.command == command::archive_run) return run_archive_command(archive_command::run, brokers, asked.topic);
    if (asked.command == command::archive_list) return run_archive_command(archive_command::list, brokers, asked.topic);
    if (asked.command == command::archive_verify)
        return run_archive_command(archive_command::verify, brokers, asked.topic);
    if (asked.command == command::archive_reseal)
        return run_archive_command(archive_command::reseal, brokers, asked.topic);
    if (asked.command == command::settle) return settle_restored(brokers, asked);
    if (asked.command == command::list_groups) return list_groups(brokers, asked);
    if (asked.command == command::move_group) return move(brokers, asked);
    if (asked.command == command::list_topics) return list_topics(brokers);
    if (asked.command == command::grow_topic) return grow(brokers, asked);
    if (asked.command == command::list_dead_letters) return list(brokers, asked);
    if (asked.command == command::show_dead_letters) return show(brokers, asked);
    if (asked.from_archive)
        if (const auto mistake = read_from_archive(asked.order, brokers); !mistake.empty()) return refuse(mistake);
    if (asked.command == command::replay_session) return decide_session_again(brokers, asked);
    if (!asked.reprocess.empty()) return reprocess(brokers, asked, sent);
    if (asked.order.into == shadow_target) return shadow_of(brokers, asked.order);
    return run_replay(brokers, asked.order, asked.state_file, sent);
}

// One entry of the audit log before the first change, which is not made without it, and one with the outcome.
int run_audited(const ctl_settings& settings, command_line& asked) {
    std::optional<std::int64_t> sent;
    if (!is_audited(asked)) return run(settings, asked, sent);
    if (settings.database_url.empty()) return refuse("DATABASE_URL is not set: the audit log has what is changed");
    operator_session session(settings.database_url, operator_of(asked));
    const auto record = [&](std::string_view outcome) {
        auto details = audit_details(asked);
        details.add("outcome", outcome);
        if (sent) details.add("records", *sent);
        return session.record(audit_action(asked.command), audit_subject(asked), std::move(details));
    };
    if (const auto begun = record("begun"); !begun) return failed(begun.error());
    const auto status = run(settings, asked, sent);
    const auto ended = record(status == 0 ? "done" : status == 1 ? "failed" : "refused");
    return ended ? status : failed(ended.error());
}

int run_as_admin(const ctl_settings& settings, const admin_command& asked) {
    if (asked.is == admin_act::migration_status || asked.is == admin_act::migrate)
        return run_migrations(settings, asked.is == admin_act::migrate, asked.option("profile"));
    if (settings.database_url.empty()) return refuse("DATABASE_URL is not set");
    operator_session session(settings.database_url, asked.option("as").value_or(login_name()));
    return run_admin_command(asked, session, settings.redis_url);
}

}  // namespace

int main(int count, char** arguments) try {
    const std::vector<std::string> words{arguments + 1, arguments + count};
    const auto admin = read_admin_command(words, now());
    auto asked = admin ? command_line{} : read_command_line(words, now());
    if (admin) asked.mistake = admin->mistake;
    if (!asked.mistake.empty()) return refuse(asked.mistake + "; airi-ctl --help has all");
    if (!admin && asked.command == command::help) {
        fmt::print("{}{}", usage, admin_usage);
        return 0;
    }
    ctl_settings brokers;
    if (const auto code = load_or_exit_code(1, arguments, brokers)) return *code;
    log::start("airi-ctl", "error");
    return admin ? run_as_admin(brokers, *admin) : run_audited(brokers, asked);
} catch (const std::exception& e) {
    fmt::print(stderr, "airi-ctl: {}\n", e.what());
    return 2;
}
