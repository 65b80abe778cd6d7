#include "workers/files/files.hpp"

#include "events/frames/avatars.hpp"
#include "events/frames/codec.hpp"
#include "events/frames/frame.hpp"
#include "platform/base/log.hpp"
#include "platform/crypto/digest.hpp"
#include "sql/statements.hpp"

namespace airi::workers::files {
namespace {

// Tells the user's clients of a picture, and their gateways. It may come twice.
after_commit told(const events::avatar_uploaded& event, std::string_view avatar) {
    after_commit out;
    out.changed_users = {event.user};
    const events::frames::avatar_processed frame{{std::string(avatar)}};
    out.announcements.push_back({events::channel_of(event.user), events::encode_frame(frame)});
    return out;
}

// Stores the picture, or its rejection when there is none.
effects end_of(const events::avatar_uploaded& event, const std::optional<picture>& made) {
    effects out;
    out.statements.push_back(made ? sql::bind("files.store_avatar",
                                        {{"id", event.id}, {"media_type", made->media_type}, {"width", made->width},
                                            {"height", made->height}, {"bytes", digest::base64(made->bytes)}})
                                  : sql::bind("files.reject_avatar", {{"id", event.id}}));
    out.after_from_rows = [event, ready = made.has_value()](const std::vector<postgres::rows>& stored) {
        if (stored.empty() || stored[0].empty() || stored[0].is_null(0, 0)) return after_commit{};
        log::info(ready ? "avatar.ready" : "avatar.rejected",
            {{"avatar_id", event.id.text()}, {"user_id", event.user.text()}});
        return told(event, stored[0].text(0, 0));
    };
    return out;
}

}  // namespace

awaitable<result<effects>> make_avatar(events::avatar_uploaded event, const ports& ports) {
    effects out;
    const auto rows = co_await postgres::run_one(
        ports.database, std::nullopt, sql::bind("files.uploaded_avatar", {{"id", event.id}}));
    if (!rows) co_return rows.error();
    if (rows->empty()) co_return out;
    if (rows->is_null(0, 0)) {  // the worker that did it may have died before the clients knew
        out.after = told(event, rows->text(0, 1));
        co_return out;
    }
    auto bytes = digest::from_base64url(rows->text(0, 0));
    if (!bytes) co_return end_of(event, std::nullopt);
    auto made = co_await ports.pictures.make(std::move(*bytes));
    if (!made && made.error() != errc::refused) co_return made.error();
    co_return end_of(event, made ? std::optional(std::move(*made)) : std::nullopt);
}

worker declare(const ports& ports) {
    struct handler {
        const files::ports& ports;
        awaitable<result<effects>> operator()(events::avatar_uploaded event, record) const {
            return make_avatar(std::move(event), ports);
        }
    };
    worker out;
    out.name = "files";
    out.group = "files";
    out.topic = std::string(events::avatar_uploaded::topic);
    out.max_in_flight = 4;
    out.handle = on_event<events::avatar_uploaded>(handler{ports});
    out.give_up = [](record record) {
        const auto event = events::decode<events::avatar_uploaded>(record.message.value);
        return event ? end_of(*event, std::nullopt) : effects{};
    };
    return out;
}

}  // namespace airi::workers::files
