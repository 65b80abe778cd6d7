#include "workers/sample_thing/sample_thing.hpp"

#include "events/frames/codec.hpp"
#include "events/frames/frame.hpp"
#include "events/frames/notifications.hpp"

namespace airi::workers::sample_thing {

awaitable<result<effects>> notify(events::sample_thing_requested event, record) {
    effects out;
    events::frames::notification_new frame;
    frame.user = event.user;
    frame.kind = "sample_thing_done";
    out.after.announcements.push_back({events::channel_of(event.user), events::encode_frame(frame)});
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
