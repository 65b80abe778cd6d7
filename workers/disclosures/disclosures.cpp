#include "workers/disclosures/disclosures.hpp"

#include "events/chat.hpp"
#include "events/frames/codec.hpp"
#include "events/frames/disclosures.hpp"
#include "events/frames/frame.hpp"
#include "platform/base/json.hpp"
#include "platform/base/log.hpp"
#include "sql/statements.hpp"

namespace airi::workers::disclosures {
namespace {

after_commit notices(const std::vector<postgres::rows>& rows) {
    after_commit out;
    if (rows.empty()) return out;
    for (std::size_t i = 0; i < rows[0].size(); ++i) {
        auto [user, conversation, kind, text, jurisdiction] =
            rows[0].read<user_id, conversation_id, std::string, std::string, std::string>(i);
        log::info("ai_disclosure.due", {{"user_id", user.text()}, {"kind", kind}, {"jurisdiction", jurisdiction}});
        const events::frames::ai_disclosure frame{
            conversation, std::move(kind), std::move(text), std::move(jurisdiction)};
        out.announcements.push_back({events::channel_of(user), events::encode_frame(frame)});
    }
    return out;
}

}  // namespace

result<effects> look_at(std::span<const kafka::message> batch) {
    json::array sent;
    bool any = false;
    for (const auto& message : batch) {
        const auto event = events::decode<events::chat_requested>(message.value);
        if (!event || !event->listed) continue;
        any = true;
        sent.add_raw(json::object()
                .add("user_id", event->user.text())
                .add("conversation_id", event->conversation.text())
                .add("at", to_text(event->created_at))
                .text());
    }
    effects out;
    if (!any) return out;
    out.statements.push_back(sql::bind("disclosures.due", {{"messages", sent.text()}}));
    out.after_from_rows = notices;
    return out;
}

worker declare() {
    worker out;
    out.name = "disclosures";
    out.group = "disclosures";
    out.topic = std::string(events::chat_requested::topic);
    out.patient = true;
    out.max_in_flight = 500;
    out.high_mark = 2'000;
    out.handle_batch = look_at;
    return out;
}

}  // namespace airi::workers::disclosures
