#include <librdkafka/rdkafka.h>

#include <span>

#include "platform/base/log.hpp"
#include "platform/kafka/admin.hpp"
#include "platform/kafka/errors.hpp"

namespace airi::kafka {
namespace {

using new_topic = std::unique_ptr<rd_kafka_NewTopic_t, destroy<rd_kafka_NewTopic_destroy>>;

result<> outcome_of(rd_kafka_event_t* done) {
    if (const auto err = rd_kafka_event_error(done)) {
        log::error("kafka.topics", {{"reason", rd_kafka_event_error_string(done)}});
        return error_of(err);
    }
    std::size_t count = 0;
    auto** each = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(done), &count);
    result<> worst;
    for (std::size_t i = 0; i < count; ++i) {
        const auto err = rd_kafka_topic_result_error(each[i]);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR || err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
        const auto* why = rd_kafka_topic_result_error_string(each[i]);
        log::error("kafka.topic", {{"topic", rd_kafka_topic_result_name(each[i])}, {"code", rd_kafka_err2name(err)},
                                      {"reason", why ? why : ""}});
        worst = error_of(err);
    }
    return worst;
}

result<std::vector<std::int32_t>> partitions_with_leaders(
    rd_kafka_t* handle, const std::string& topic, milliseconds limit) {
    const std::unique_ptr<rd_kafka_topic_t, destroy<rd_kafka_topic_destroy>> asked(
        rd_kafka_topic_new(handle, topic.c_str(), nullptr));
    const rd_kafka_metadata_t* answer = nullptr;
    if (const auto err = rd_kafka_metadata(handle, 0, asked.get(), &answer, static_cast<int>(limit.count())))
        return error_of(err);
    const std::unique_ptr<const rd_kafka_metadata_t, destroy<rd_kafka_metadata_destroy>> held(answer);
    if (answer->topic_cnt != 1) return make_error_code(errc::unknown_topic);
    const auto& found = answer->topics[0];
    if (found.err) return error_of(found.err);
    std::vector<std::int32_t> out;
    for (const auto& each : std::span(found.partitions, static_cast<std::size_t>(found.partition_cnt))) {
        if (each.leader < 0) return make_error_code(errc::unavailable);
        out.push_back(each.id);
    }
    return out;
}

using acl = std::unique_ptr<rd_kafka_AclBinding_t, destroy<rd_kafka_AclBinding_destroy>>;

acl acl_of(const right& one) {
    char why[512];
    acl made(rd_kafka_AclBinding_new(one.on == right::kind::topic ? RD_KAFKA_RESOURCE_TOPIC : RD_KAFKA_RESOURCE_GROUP,
        one.name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, ("User:" + one.user).c_str(), "*",
        one.may == right::operation::read ? RD_KAFKA_ACL_OPERATION_READ : RD_KAFKA_ACL_OPERATION_WRITE,
        RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, why, sizeof why));
    if (!made) log::error("kafka.right", {{"user", one.user}, {"name", one.name}, {"reason", why}});
    return made;
}

result<> rights_outcome_of(rd_kafka_event_t* done) {
    const auto no_authorizer = RD_KAFKA_RESP_ERR_SECURITY_DISABLED;
    const auto failed = [](const char* why, rd_kafka_resp_err_t err) -> result<> {
        log::error("kafka.rights", {{"reason", why ? why : rd_kafka_err2str(err)}});
        return error_of(err);
    };
    if (const auto err = rd_kafka_event_error(done); err && err != no_authorizer)
        return failed(rd_kafka_event_error_string(done), err);
    std::size_t count = 0;
    const auto** each = rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(done), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto* error = rd_kafka_acl_result_error(each[i]);
        if (!error || rd_kafka_error_code(error) == no_authorizer) continue;
        return failed(rd_kafka_error_string(error), rd_kafka_error_code(error));
    }
    return {};
}

}  // namespace

result<std::vector<std::int32_t>> partitions_of(rd_kafka_t* handle, const std::string& topic, milliseconds limit) {
    return retry(
        limit, errc::unavailable, [&](milliseconds left) { return partitions_with_leaders(handle, topic, left); });
}

result<> create_topics(const access& brokers, const std::vector<topic_spec>& topics, milliseconds limit) {
    if (topics.empty()) return {};
    char why[512];
    const auto admin = open_handle(role::producer, configure(brokers, "airi-topics", {}));

    std::vector<new_topic> wanted;
    std::vector<rd_kafka_NewTopic_t*> borrowed;
    for (const auto& topic : topics) {
        wanted.emplace_back(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, -1, why, sizeof why));
        if (!wanted.back()) {
            log::error("kafka.topic", {{"topic", topic.name}, {"reason", why}});
            return errc::rejected;
        }
        for (const auto& [name, value] : topic.config)
            rd_kafka_NewTopic_set_config(wanted.back().get(), name.c_str(), value.c_str());
        borrowed.push_back(wanted.back().get());
    }

    const auto done = answer_of(admin.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS, limit, [&](auto* options, auto* answers) {
        rd_kafka_CreateTopics(admin.get(), borrowed.data(), borrowed.size(), options, answers);
    });
    if (!done) return errc::unavailable;
    if (const auto made = outcome_of(done.get()); !made) return made.error();
    // A broker answers before it knows the topics itself.
    for (const auto& topic : topics) {
        const auto known = retry(limit, errc::unknown_topic,
            [&](milliseconds left) { return partitions_of(admin.get(), topic.name, left); });
        if (!known) return known.error();
    }
    return {};
}

result<> grant_rights(const access& brokers, const std::vector<right>& rights, milliseconds limit) {
    const auto admin = open_handle(role::producer, configure(brokers, "airi-topics", {}));
    std::vector<acl> wanted;
    std::vector<rd_kafka_AclBinding_t*> borrowed;
    for (const auto& one : rights) {
        wanted.push_back(acl_of(one));
        if (!wanted.back()) return errc::rejected;
        borrowed.push_back(wanted.back().get());
    }
    const auto done = answer_of(admin.get(), RD_KAFKA_ADMIN_OP_CREATEACLS, limit, [&](auto* options, auto* answers) {
        rd_kafka_CreateAcls(admin.get(), borrowed.data(), borrowed.size(), options, answers);
    });
    if (!done) return errc::unavailable;
    return rights_outcome_of(done.get());
}

}  // namespace airi::kafka
