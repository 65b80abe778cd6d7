#include <set>

#include "tests/conformance/frame_channel_suite.hpp"
#include "tests/support/cpp/fake_channel.hpp"

using namespace airi;
using namespace airi::test;

namespace {

struct faked {
    loop io;
    fake_channel frames;
    std::set<std::string> channels;

    workers::frame_channel& channel() { return frames; }
    void listen(const events::generation_ids& ids, const user_id& user) {
        channels = {events::channel_of(ids.conversation), events::channel_of(user)};
    }
    // A case listens either to frames or to announcements.
    std::vector<std::string> heard(std::size_t) const {
        std::vector<std::string> out;
        for (const auto& one : frames.frames)
            if (channels.contains(events::channel_of(one.ids.conversation)))
                out.push_back(events::frame(one.type, one.ids, one.at, one.more));
        for (const auto& one : frames.announcements)
            if (channels.contains(one.channel)) out.push_back(one.frame);
        return out;
    }
    void cache(const user_id& user) { std::erase(frames.invalidated, user); }
    bool cached(const user_id& user) const { return std::ranges::count(frames.invalidated, user) == 0; }
    void flush() { frames.flush(); }
    void go_away() { frames.use.fail_always(redis::errc::unavailable); }
    void come_back() { frames.use.mend(); }
    void lose_answer() {
        frames.answer_lost = true;
        frames.use.fail_next(1, redis::errc::timed_out);
    }
    void answer_again() {}
};

}  // namespace

TEST_CASE("the fake frame channel conforms to its port") { frame_channel_conforms<faked>(); }
