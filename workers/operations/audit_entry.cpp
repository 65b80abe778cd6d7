#include "workers/operations/audit_entry.hpp"

#include "workers/operations/shadow.hpp"

namespace airi::workers::operations {

bool is_audited(const command_line& asked) {
    if (asked.order.dry_run || asked.order.into == shadow_target) return false;
    switch (asked.command) {
        case command::replay:
        case command::retry_dead_letters:
        case command::park_dead_letters:
        case command::drop_dead_letters:
        case command::move_group:
        case command::grow_topic:
        case command::archive_run:
        case command::archive_reseal:
        case command::settle: return true;
        default: return false;
    }
}

std::string audit_action(command which) {
    switch (which) {
        case command::retry_dead_letters: return "ctl.retry_dead_letters";
        case command::park_dead_letters: return "ctl.park_dead_letters";
        case command::drop_dead_letters: return "ctl.drop_dead_letters";
        case command::move_group: return "ctl.move_group";
        case command::grow_topic: return "ctl.grow_topic";
        case command::archive_run: return "ctl.archive";
        case command::archive_reseal: return "ctl.reseal_archive";
        case command::settle: return "ctl.settle";
        default: return "ctl.replay";
    }
}

std::string audit_subject(const command_line& asked) {
    return asked.reprocess.empty() ? asked.topic.value_or("") : asked.reprocess;
}

json::object audit_details(const command_line& asked) {
    json::object out;
    const auto& order = asked.order;
    const auto add_text = [&](std::string_view name, const std::string& text) {
        if (!text.empty()) out.add(name, text);
    };
    const auto add_time = [&](std::string_view name, const std::optional<instant>& time) {
        if (time) out.add(name, to_text(*time));
    };
    add_text("into", order.into);
    add_text("for_group", order.for_group);
    add_text("group", order.filter.group.value_or(""));
    add_text("type", order.filter.type.value_or(""));
    add_time("from", order.range.from);
    add_time("to", order.range.to);
    add_time("place", asked.at);
    if (asked.from_archive) out.add("from_archive", true);
    if (asked.partitions > 0) out.add("partitions", asked.partitions);
    if (order.filter.key || order.filter.error || !order.filter.where.empty()) out.add("filtered", true);
    return out;
}

}  // namespace airi::workers::operations
