#include "workers/notifications/notifications.hpp"

#include <algorithm>

#include "events/frames/codec.hpp"
#include "events/frames/frame.hpp"
#include "events/frames/notifications.hpp"
#include "platform/base/error_table.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"
#include "workers/runtime/texts.hpp"

namespace airi::workers::notifications {
namespace {

constexpr std::string_view group = "notifications";

constexpr error_row<errc> error_rows[] = {
    {errc::unknown_kind, "no text of that kind", failure::refused},
    {errc::bad_variables, "the variables are no object", failure::refused},
};

std::string paragraphs(std::string_view text, const text_variables& variables) {
    std::string out;
    for (std::size_t start = 0; start < text.size();) {
        const auto end = std::min(text.find("\n\n", start), text.size());
        if (const auto filled = filled_text(text.substr(start, end - start), variables))
            out.append(out.empty() ? "" : "\n\n").append(*filled);
        start = end + 2;
    }
    return out;
}

std::string object_or_empty(const events::json_text& json) {
    return json.text.empty() || json.text == "null" ? "{}" : json.text;
}

}  // namespace

error_code make_error_code(errc e) {
    static const error_table<errc> table("airi.notifications", error_rows);
    return table.code(e);
}

result<notice> compose(const events::notification_requested& event, const recipient& to) {
    if (!event.title.empty()) return notice{event.title, event.message};
    const auto found = find_text(text_files, event.kind, to.locale);
    if (!found) return errc::unknown_kind;
    auto variables = read_variables(event.variables.text);
    const auto own = read_variables(json::object().add("name", to.name).add("product", to.product).text());
    if (!variables || !own) return errc::bad_variables;
    for (const auto& [name, value] : *own) variables->insert_or_assign(name, value);
    auto text = found->text;
    while (text.ends_with('\n')) text.remove_suffix(1);
    const auto first_line = text.substr(0, text.find('\n'));
    const auto rest = text.substr(std::min(text.size(), first_line.size() + 2));
    return notice{filled_text(first_line, *variables).value_or(""), paragraphs(rest, *variables)};
}

awaitable<result<effects>> store(events::notification_requested event, record record, postgres::database& database) {
    const auto rows = co_await postgres::run_one(
        database, std::nullopt, sql::bind("notifications.recipient", {{"user", event.user}}));
    if (!rows) co_return rows.error();
    if (rows->empty()) co_return effects{};
    const auto [locale, name, product] = rows->read<std::string, std::string, std::string>(0);
    const auto text = compose(event, {locale, name, product});
    if (!text) co_return text.error();
    const auto id = record.id();
    effects out;
    out.statements.push_back(sql::bind(
        "notifications.store", {{"consumer", group}, {"id", id}, {"user", event.user}, {"kind", event.kind},
                                   {"type", event.type}, {"title", text->title}, {"message", text->message},
                                   {"metadata", object_or_empty(event.metadata)}, {"at", event.requested_at}}));
    out.after_from_rows = [user = event.user, kind = event.kind, id](const std::vector<postgres::rows>& stored) {
        after_commit after;
        after.changed_users = {user};
        if (stored.empty() || stored[0].empty() || stored[0].is_null(0, 0)) return after;
        log::info("notification.stored", {{"event_id", id.text()}, {"user_id", user.text()}, {"kind", kind}});
        const events::frames::notification_new frame{user, kind, {std::string(stored[0].text(0, 0))}};
        after.announcements.push_back({events::channel_of(user), events::encode_frame(frame)});
        return after;
    };
    co_return out;
}

worker declare(postgres::database& database) {
    struct handler {
        postgres::database& database;
        awaitable<result<effects>> operator()(events::notification_requested event, record record) const {
            return store(std::move(event), record, database);
        }
    };
    worker out;
    out.name = "notifications";
    out.group = group;
    out.topic = std::string(events::notification_requested::topic);
    out.patient = true;
    out.handle = on_event<events::notification_requested>(handler{database});
    return out;
}

}  // namespace airi::workers::notifications
