#include "platform/kafka/groups.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <span>

#include "platform/base/log.hpp"
#include "platform/kafka/admin.hpp"
#include "platform/kafka/errors.hpp"

namespace airi::kafka {
namespace {

using partition_list = std::unique_ptr<rd_kafka_topic_partition_list_t, destroy<rd_kafka_topic_partition_list_destroy>>;

handle open_admin(const access& brokers) { return open_handle(role::producer, configure(brokers, "airi-groups", {})); }

// The error of an answer, if any.
error_code error_in(const event& answer) {
    if (!answer) return errc::unavailable;
    const auto err = rd_kafka_event_error(answer.get());
    if (err) log::error("kafka.groups", {{"reason", rd_kafka_event_error_string(answer.get())}});
    return error_of(err);
}

// Calls `each` for every element of an answer's array.
template <class Array, class Result, class Each>
void for_each_of(Array array, const Result* result, Each each) {
    std::size_t count = 0;
    const auto** all = array(result, &count);
    for (const auto* one : std::span(all, count)) each(one);
}

result<std::vector<std::string>> group_names(rd_kafka_t* admin, milliseconds limit) {
    const auto answer = answer_of(admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, limit,
        [&](auto* options, auto* answers) { rd_kafka_ListConsumerGroups(admin, options, answers); });
    if (const auto error = error_in(answer)) return error;
    std::vector<std::string> out;
    for_each_of(rd_kafka_ListConsumerGroups_result_valid, rd_kafka_event_ListConsumerGroups_result(answer.get()),
        [&](const auto* one) { out.emplace_back(rd_kafka_ConsumerGroupListing_group_id(one)); });
    std::ranges::sort(out);
    return out;
}

std::set<std::string> assigned_to(const rd_kafka_ConsumerGroupDescription_t* group) {
    std::set<std::string> out;
    for (std::size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(group); ++i) {
        const auto* member = rd_kafka_ConsumerGroupDescription_member(group, i);
        const auto* assignment = rd_kafka_MemberDescription_assignment(member);
        const auto* partitions = assignment ? rd_kafka_MemberAssignment_partitions(assignment) : nullptr;
        for (int j = 0; partitions && j < partitions->cnt; ++j) out.insert(partitions->elems[j].topic);
    }
    return out;
}

result<std::vector<group_state>> states_of(
    rd_kafka_t* admin, const std::vector<std::string>& names, milliseconds limit) {
    std::vector<const char*> borrowed;
    for (const auto& name : names) borrowed.push_back(name.c_str());
    const auto answer =
        answer_of(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, limit, [&](auto* options, auto* answers) {
            rd_kafka_DescribeConsumerGroups(admin, borrowed.data(), borrowed.size(), options, answers);
        });
    if (const auto error = error_in(answer)) return error;
    std::vector<group_state> out;
    for_each_of(rd_kafka_DescribeConsumerGroups_result_groups,
        rd_kafka_event_DescribeConsumerGroups_result(answer.get()), [&](const auto* one) {
            out.push_back({rd_kafka_ConsumerGroupDescription_group_id(one),
                rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(one)),
                rd_kafka_ConsumerGroupDescription_member_count(one), {}, assigned_to(one)});
        });
    return out;
}

result<> read_places(rd_kafka_t* admin, group_state& of, milliseconds limit) {
    using request =
        std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, destroy<rd_kafka_ListConsumerGroupOffsets_destroy>>;
    const request asked(rd_kafka_ListConsumerGroupOffsets_new(of.name.c_str(), nullptr));
    auto* borrowed = asked.get();
    const auto answer =
        answer_of(admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, limit, [&](auto* options, auto* answers) {
            rd_kafka_ListConsumerGroupOffsets(admin, &borrowed, 1, options, answers);
        });
    if (const auto error = error_in(answer)) return error;
    error_code failed;
    for_each_of(rd_kafka_ListConsumerGroupOffsets_result_groups,
        rd_kafka_event_ListConsumerGroupOffsets_result(answer.get()), [&](const auto* group) {
            const auto* partitions = rd_kafka_group_result_partitions(group);
            if (const auto* error = rd_kafka_group_result_error(group)) failed = error_of(rd_kafka_error_code(error));
            for (int i = 0; partitions && i < partitions->cnt; ++i) {
                const auto& one = partitions->elems[i];
                std::int64_t first = 0, end = 0;
                if (one.offset < 0) continue;
                const auto err = rd_kafka_query_watermark_offsets(
                    admin, one.topic, one.partition, &first, &end, static_cast<int>(limit.count()));
                if (err) failed = error_of(err);
                of.places.push_back({one.topic, one.partition, std::max<std::int64_t>(one.offset, first), end});
            }
        });
    if (failed) return failed;
    return {};
}

}  // namespace

result<std::vector<group_state>> groups_of(const access& brokers, milliseconds limit) {
    const auto admin = open_admin(brokers);
    const auto names = group_names(admin.get(), limit);
    if (!names) return names.error();
    if (names->empty()) return std::vector<group_state>{};
    auto out = states_of(admin.get(), *names, limit);
    if (!out) return out.error();
    for (auto& group : *out)
        if (const auto read = read_places(admin.get(), group, limit); !read) return read.error();
    std::ranges::sort(*out, {}, &group_state::name);
    return out;
}

result<> move_group(const access& brokers, const std::string& group, const std::string& topic, const positions& to,
    milliseconds limit) {
    using request =
        std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t, destroy<rd_kafka_AlterConsumerGroupOffsets_destroy>>;
    const auto admin = open_admin(brokers);
    const partition_list places(rd_kafka_topic_partition_list_new(static_cast<int>(to.size())));
    for (const auto& [partition, offset] : to)
        rd_kafka_topic_partition_list_add(places.get(), topic.c_str(), partition)->offset = offset;
    const request asked(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), places.get()));
    auto* borrowed = asked.get();
    const auto answer =
        answer_of(admin.get(), RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, limit, [&](auto* options, auto* answers) {
            rd_kafka_AlterConsumerGroupOffsets(admin.get(), &borrowed, 1, options, answers);
        });
    if (const auto error = error_in(answer)) return error;
    result<> out;
    for_each_of(rd_kafka_AlterConsumerGroupOffsets_result_groups,
        rd_kafka_event_AlterConsumerGroupOffsets_result(answer.get()), [&](const auto* done) {
            if (rd_kafka_group_result_error(done)) out = errc::rejected;
            const auto* moved = rd_kafka_group_result_partitions(done);
            for (int i = 0; moved && i < moved->cnt; ++i)
                if (moved->elems[i].err) out = errc::rejected;
        });
    return out;
}

}  // namespace airi::kafka
