#include "workers/sample_thing/sample_thing.hpp"

#include "events/notifications.hpp"

namespace airi::workers::sample_thing {

awaitable<result<effects>> notify(events::sample_thing_requested event, record record) {
    events::notification_requested notice;
    notice.user = event.user;
    notice.kind = "sample_thing_done";
    notice.title = "Done";
    notice.message = event.text;
    notice.requested_at = event.requested_at;
    effects out;
    out.after.events.push_back(
        events::envelope(notice, {event_id::of(record.id().value, "notice"), "/airi/workers/sample_thing",
                                     event.requested_at, record.traceparent()}));
    co_return out;
}

worker declare() {
    worker out;
    out.name = "sample_thing";
    out.group = "sample_thing";
    out.topic = std::string(events::sample_thing_requested::topic);
    out.handle = on_event<events::sample_thing_requested>(notify);
    return out;
}

}  // namespace airi::workers::sample_thing
