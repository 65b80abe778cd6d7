#include "workers/runtime/redis_frame_channel.hpp"

namespace airi::workers {
namespace {

// KEYS: stream, channel. ARGV: entry id, frame, published payload, stands alone (0/1), milliseconds to keep.
const redis::script append_script(R"lua(
if ARGV[4] == '0' and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local added = redis.pcall('XADD', KEYS[1], ARGV[1], 'f', ARGV[2])
if type(added) == 'table' and added.err then return -1 end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', KEYS[2], ARGV[3])
return 1
)lua");

class redis_frame_channel final : public frame_channel {
public:
    redis_frame_channel(redis::client& client, seconds keep)
        : client_(client),
          marks_(client),
          keep_(std::to_string(std::chrono::duration_cast<milliseconds>(keep).count())) {}

    awaitable<appended> append(outgoing_frame out) override {
        const bool stands_alone = out.type != events::frame_type::delta;
        const auto json = events::frame(out.type, out.ids, out.at, out.more);
        std::vector<std::string> keys{events::stream_key(out.ids.generation), events::channel_of(out.ids.conversation)};
        std::vector<std::string> arguments{events::entry_id(out.at), json,
            events::publish_payload(out.ids.generation, out.at, out.type, json), stands_alone ? "1" : "0", keep_};
        const auto answer = co_await client_.eval(append_script, std::move(keys), std::move(arguments));
        if (!answer) co_return appended::away;
        if (answer->number == 1) co_return appended::ok;
        co_return answer->number == 0 ? appended::history_lost : appended::superseded;
    }

    awaitable<> announce(announcement out) override {
        std::vector<std::string> words{"PUBLISH", std::move(out.channel), events::publish_payload(out.frame)};
        co_await client_.command(std::move(words));
    }

    awaitable<> changed(user_id whose) override { return marks_.erase(events::state_key(whose)); }

private:
    redis::client& client_;
    redis::eraser marks_;
    std::string keep_;
};

}  // namespace

std::unique_ptr<frame_channel> open_frame_channel(redis::client& client, seconds keep) {
    return std::make_unique<redis_frame_channel>(client, keep);
}

}  // namespace airi::workers
