#include "workers/runtime/redis_frame_channel.hpp"

namespace airi::workers {
namespace {

// KEYS: stream, channel. ARGV: entry id, frame, published payload, stands alone (0/1), lifetime in ms. XADD refuses an
// id that is "equal or smaller than the target stream top item": only this means that a later frame is there. Every
// other error (OOM, READONLY, …) is the server's state.
const redis::script append_script(R"lua(
if ARGV[4] == '0' and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local added = redis.pcall('XADD', KEYS[1], ARGV[1], 'f', ARGV[2])
if type(added) == 'table' and added.err then
    if string.find(added.err, 'equal or smaller', 1, true) then return -1 end
    return added
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', KEYS[2], ARGV[3])
return 1
)lua");

class redis_frame_channel final : public frame_channel {
public:
    redis_frame_channel(redis::client& client, seconds keep)
        : client_(client),
          states_(client),
          keep_(std::to_string(std::chrono::duration_cast<milliseconds>(keep).count())) {}

    awaitable<appended> append(outgoing_frame frame) override {
        const bool stands_alone = frame.type != events::frame_type::delta;
        const auto json = events::frame(frame.type, frame.ids, frame.position, frame.more);
        std::vector<std::string> keys{
            events::stream_key(frame.ids.generation), events::channel_of(frame.ids.conversation)};
        std::vector<std::string> arguments{events::entry_id(frame.position), json,
            events::publish_payload(frame.ids.generation, frame.position, frame.type, json), stands_alone ? "1" : "0",
            keep_};
        const auto reply = co_await client_.eval(append_script, std::move(keys), std::move(arguments));
        if (!reply) co_return appended::unavailable;
        if (reply->number == 1) co_return appended::ok;
        co_return reply->number == 0 ? appended::history_lost : appended::superseded;
    }

    awaitable<> announce(announcement announcement) override {
        std::vector<std::string> command{"PUBLISH", std::move(announcement.channel),
            events::publish_payload(announcement.frame, announcement.created)};
        co_await client_.command(std::move(command));
    }

    awaitable<> cancel(generation_id id) override {
        std::vector<std::string> command{"PUBLISH", std::string(events::cancel_channel), id.text()};
        co_await client_.command(std::move(command));
    }

    awaitable<> invalidate(user_id user) override { return states_.erase(events::state_key(user)); }

private:
    redis::client& client_;
    redis::eraser states_;
    std::string keep_;
};

}  // namespace

std::unique_ptr<frame_channel> open_frame_channel(redis::client& client, seconds keep) {
    return std::make_unique<redis_frame_channel>(client, keep);
}

}  // namespace airi::workers
