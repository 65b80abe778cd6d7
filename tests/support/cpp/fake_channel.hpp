// An in-memory frame channel: rejects what the real script rejects, unless the test makes it lose an answer. Conforms
// to tests/conformance/frame_channel_suite.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "platform/base/json.hpp"
#include "tests/support/cpp/lever.hpp"
#include "workers/runtime/frame_channel.hpp"

namespace airi::test {

class fake_channel : public workers::frame_channel {
public:
    struct written {
        events::generation_ids ids;
        events::frame_type type;
        events::position at;
        std::string text;  ///< its content, or empty
        std::string more;
        std::chrono::steady_clock::time_point when;
    };

    explicit fake_channel(journal* into = nullptr) : journal_(into) {}

    lever use;                 ///< any failure means that Redis does not respond
    bool answer_lost = false;  ///< on a failure the frame is written all the same
    std::vector<written> frames;
    std::vector<workers::announcement> announcements;
    std::vector<user_id> invalidated;
    std::vector<generation_id> cancelled;

    /// Deletes all streams, as FLUSHALL does.
    void flush() { last_.clear(); }
    /// Simulates another worker that writes that generation's stream at a later epoch.
    void take_over(const generation_id& id, std::int64_t epoch) { last_[id] = {epoch, 0}; }

    awaitable<workers::appended> append(workers::outgoing_frame frame) override {
        const auto failed = co_await use.pass();
        if (failed && !answer_lost) co_return workers::appended::unavailable;
        const auto found = last_.find(frame.ids.generation);
        if (frame.type == events::frame_type::delta && found == last_.end()) co_return workers::appended::history_lost;
        if (found != last_.end() && found->second >= frame.position) co_return workers::appended::superseded;
        last_[frame.ids.generation] = frame.position;
        const auto parsed = json::document::parse("{" + frame.more + "}");
        auto text = parsed ? std::string(parsed->root()["content"].string().value_or("")) : "unreadable";
        if (journal_) journal_->push_back("frame " + std::string(events::name_of(frame.type)));
        frames.push_back({frame.ids, frame.type, frame.position, std::move(text), std::move(frame.more),
            std::chrono::steady_clock::now()});
        co_return failed ? workers::appended::unavailable : workers::appended::ok;
    }
    awaitable<> announce(workers::announcement out) override {
        if (co_await use.pass()) co_return;
        if (journal_) journal_->push_back("announce " + out.channel);
        announcements.push_back(std::move(out));
    }

    awaitable<> cancel(generation_id id) override {
        if (co_await use.pass()) co_return;
        cancelled.push_back(id);
    }

    awaitable<> invalidate(user_id user) override {
        due_.insert(user);
        if (co_await use.pass()) co_return;
        for (const auto& one : std::exchange(due_, {})) {
            if (journal_) journal_->push_back("invalidate");
            invalidated.push_back(one);
        }
    }

    std::vector<events::frame_type> types() const {
        std::vector<events::frame_type> out;
        for (const auto& f : frames) out.push_back(f.type);
        return out;
    }
    /// The text shown by a client that reads every frame: snapshots replace it, restarts clear it.
    std::string shown() const {
        std::string out;
        for (const auto& f : frames) {
            if (f.type == events::frame_type::delta) out += f.text;
            if (f.type == events::frame_type::snapshot) out = f.text;
            if (f.type == events::frame_type::restart || f.type == events::frame_type::start) out.clear();
        }
        return out;
    }

private:
    journal* journal_;
    std::map<generation_id, events::position> last_;
    std::set<user_id> due_;  // invalidations that failed: the next one that succeeds takes them along
};

}  // namespace airi::test
