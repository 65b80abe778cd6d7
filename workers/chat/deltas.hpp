// Streams the text of one generation to the clients: the first piece at once, then at most one frame every 20 ms,
// whatever the provider's pace, and fewer when many streams share the process; a snapshot after Redis has lost earlier
// frames. What may be the beginning of a blocked term is held back. Best effort: the reply is in Postgres.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "workers/chat/reply_gate.hpp"
#include "workers/providers/provider.hpp"
#include "workers/runtime/frame_channel.hpp"

namespace airi::workers::chat {

/// The time from one frame of a stream to its next. More than a hundred streams share 5,000 frames a second, so that
/// first pieces do not wait behind the later ones of others.
milliseconds frame_gap(std::size_t streams);

class deltas : public std::enable_shared_from_this<deltas> {
public:
    /// `frames` must outlive the object. `streams`: how many are open in this process. One thread.
    deltas(
        frame_channel& frames, events::generation_ids ids, executor,
        std::function<std::size_t()> streams = [] { return std::size_t{1}; },
        std::shared_ptr<const safety::blocked_terms> terms = std::make_shared<const safety::blocked_terms>());

    /// Starts an epoch with no text: message_start for the first epoch, message_restart for a later one.
    void begin(std::int64_t epoch);
    /// The next piece of the reply: its text, parts of calls and logprobs. Ignored once the epoch is rejected.
    void push(const providers::piece&);
    /// The reply is whole: what was held back is decided.
    void finish();
    /// A blocked term was found in this epoch. text(), calls() and logprobs() are what comes before it.
    bool rejected() const noexcept { return rejected_; }
    /// The most severe verdict on this epoch so far.
    safety::verdict found() const { return gate_.found(); }
    /// The text and arguments of a rejected epoch beyond text(); they are billed like the rest.
    std::string_view withheld() const noexcept { return withheld_; }
    /// The calls so far, which are ours to run: clients do not see them. The text goes on in a paragraph of its own.
    std::vector<providers::tool_call> take_calls();
    void hide_calls() { hidden_ = true; }
    /// The model of the text to come, for the epoch's first delta.
    void set_model(std::string_view name) { model_due_ = name; }
    /// Returns when no frame is in flight; none is sent afterwards. Text not yet sent is in the last frame anyway.
    awaitable<> settle();

    const std::string& text() const noexcept { return text_; }
    const std::vector<providers::tool_call>& calls() const noexcept { return calls_; }
    /// JSON objects, separated by commas; empty: none were asked for.
    const std::string& logprobs() const noexcept { return logprobs_; }
    /// True: clients cannot have seen anything of this epoch.
    bool empty() const noexcept { return text_.empty() && calls_.empty(); }
    std::int64_t next_offset() const noexcept { return position_.offset; }
    /// The text that clients can have seen, up to the last frame written, and that frame's offset.
    std::string_view shown() const noexcept { return std::string_view(text_).substr(0, shown_); }
    std::int64_t shown_offset() const noexcept { return shown_offset_; }
    /// A later epoch writes this stream: our lease is lost.
    bool superseded() const noexcept { return superseded_; }

private:
    void add_logprobs(const std::string&);
    void release();
    void reject();
    void pump();
    void pump_after(milliseconds wait);
    std::string take_delta();
    static awaitable<> send(std::shared_ptr<deltas> self, outgoing_frame frame);

    frame_channel& frames_;
    events::generation_ids ids_;
    executor executor_;
    std::function<std::size_t()> streams_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer idle_;
    events::position position_;
    std::shared_ptr<const safety::blocked_terms> terms_;
    reply_gate gate_;
    std::string text_, logprobs_, model_due_, withheld_;
    std::vector<providers::tool_call> calls_, released_calls_;
    std::vector<providers::tool_call_piece> unsent_calls_;           // lost with a frame: the end has them all
    std::deque<std::pair<std::size_t, std::size_t>> held_logprobs_;  // the ends of texts and of their logprobs
    std::size_t released_ = 0, released_logprobs_ = 0;               // bytes that may be in frames
    std::size_t sent_logprobs_ = 0;                                  // bytes of logprobs_ in frames
    std::size_t sent_ = 0;                                           // bytes of text_ in frames, written or in flight
    std::size_t shown_ = 0;                                          // those of them that were written
    std::int64_t shown_offset_ = 0;
    bool begin_due_ = false, snapshot_due_ = false, busy_ = false, waiting_ = false, closed_ = false,
         superseded_ = false, hidden_ = false, rejected_ = false;
    std::chrono::steady_clock::time_point not_before_{};
};

}  // namespace airi::workers::chat
