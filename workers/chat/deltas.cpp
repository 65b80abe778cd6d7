#include "workers/chat/deltas.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "events/frames/codec.hpp"
#include "events/frames/generations.hpp"

namespace airi::workers::chat {
namespace {

constexpr milliseconds shortest_gap{20};
constexpr milliseconds unavailable_gap{200};
constexpr std::size_t frames_per_second = 5'000;

// As in the chunks of OpenAI's API: the first part of a call has its id, type and name.
std::string parts_json(const std::vector<providers::tool_call_piece>& parts) {
    json::array out;
    for (const auto& part : parts) {
        json::object call, function;
        call.add("index", part.index);
        if (!part.id.empty()) call.add("id", part.id).add("type", "function");
        if (!part.name.empty()) function.add("name", part.name);
        out.add(call.add_raw("function", function.add("arguments", part.arguments).text()));
    }
    return out.text();
}

void add_part(std::vector<providers::tool_call>& to, const providers::tool_call_piece& part) {
    if (to.size() <= part.index) to.resize(part.index + 1);
    auto& call = to[part.index];
    call.id += part.id;
    call.name += part.name;
    call.arguments += part.arguments;
}

}  // namespace

milliseconds frame_gap(std::size_t streams) {
    return std::max(shortest_gap, milliseconds{1'000 * streams / frames_per_second});
}

deltas::deltas(frame_channel& frames, events::generation_ids ids, executor executor,
    std::function<std::size_t()> streams, std::shared_ptr<const safety::blocked_terms> terms)
    : frames_(frames),
      ids_(ids),
      executor_(executor),
      streams_(std::move(streams)),
      timer_(executor),
      idle_(executor),
      terms_(std::move(terms)),
      gate_(terms_) {}

void deltas::begin(std::int64_t epoch) {
    position_ = {epoch, 0};
    gate_ = reply_gate(terms_);
    text_.clear();
    withheld_.clear();
    logprobs_.clear();
    held_logprobs_.clear();
    calls_.clear();
    released_calls_.clear();
    unsent_calls_.clear();
    rejected_ = false;
    released_ = released_logprobs_ = sent_ = shown_ = sent_logprobs_ = 0;
    shown_offset_ = 0;
    begin_due_ = true;
    snapshot_due_ = false;
    pump();
}

void deltas::push(const providers::piece& piece) {
    if (rejected_) return;
    text_ += piece.text;
    gate_.add(piece.text);
    add_logprobs(piece.logprobs);
    for (const auto& part : piece.calls) {
        add_part(calls_, part);
        gate_.add(part);
    }
    release();
}

void deltas::finish() {
    if (rejected_) return;
    gate_.finish();
    release();
}

void deltas::add_logprobs(const std::string& more) {
    if (more.empty()) return;
    logprobs_.append(logprobs_.empty() ? "" : ",").append(more);
    held_logprobs_.emplace_back(text_.size(), logprobs_.size());
}

// Checked text may be shown at once: a sentence that is held back to its end would be checked no better.
void deltas::release() {
    released_ = gate_.checked();
    for (; !held_logprobs_.empty() && held_logprobs_.front().first <= released_; held_logprobs_.pop_front())
        released_logprobs_ = held_logprobs_.front().second;
    for (auto& part : gate_.take_parts()) {
        if (hidden_) continue;
        add_part(released_calls_, part);
        if (!unsent_calls_.empty() && unsent_calls_.back().index == part.index && part.id.empty())
            unsent_calls_.back().arguments += part.arguments;
        else
            unsent_calls_.push_back(std::move(part));
    }
    if (gate_.blocks()) reject();
    pump();
}

void deltas::reject() {
    rejected_ = true;
    withheld_ = text_.substr(released_);
    released_calls_.resize(calls_.size());
    for (std::size_t i = 0; i < calls_.size(); ++i)
        withheld_ += calls_[i].arguments.substr(released_calls_[i].arguments.size());
    std::erase_if(released_calls_, [](const providers::tool_call& call) { return call.id.empty(); });
    text_.resize(released_);
    logprobs_.resize(released_logprobs_);
    calls_ = released_calls_;
}

std::vector<providers::tool_call> deltas::take_calls() {
    if (!text_.empty() && text_.back() != '\n') {
        text_ += "\n\n";
        gate_.add("\n\n");
    }
    gate_.end_calls();
    released_calls_.clear();
    return std::exchange(calls_, {});
}

// The members of a delta with everything that is not sent yet.
std::string deltas::take_delta() {
    const auto fresh = std::string_view(text_).substr(sent_, released_ - sent_);
    if (unsent_calls_.empty() && model_due_.empty() && sent_logprobs_ == released_logprobs_)
        return events::content_member(fresh);
    events::frames::message_delta out{fresh};
    if (!unsent_calls_.empty()) out.tool_calls = {parts_json(std::exchange(unsent_calls_, {}))};
    const auto due = released_logprobs_ - sent_logprobs_;
    if (auto rest = std::string_view(logprobs_).substr(sent_logprobs_, due); !rest.empty()) {
        if (rest.starts_with(',')) rest.remove_prefix(1);
        out.logprobs = {"[" + std::string(rest) + "]"};
        sent_logprobs_ = released_logprobs_;
    }
    const auto model = std::exchange(model_due_, {});
    if (!model.empty()) out.model = model;
    return events::members_of(out);
}

void deltas::pump() {
    if (busy_ || closed_ || superseded_) return;
    outgoing_frame next{ids_, position_, events::frame_type::delta, {}};
    if (begin_due_) {
        next.type = position_.epoch > 1 ? events::frame_type::restart : events::frame_type::start;
        begin_due_ = false;
    } else {
        if (sent_ == released_ && unsent_calls_.empty() && !snapshot_due_) return;
        const auto left = not_before_ - std::chrono::steady_clock::now();
        if (left.count() > 0) return pump_after(std::chrono::ceil<milliseconds>(left));
        if (snapshot_due_) {
            next.type = events::frame_type::snapshot;
            next.more = events::content_member(std::string_view(text_).substr(0, released_));
            snapshot_due_ = false;
        } else {
            next.more = take_delta();
        }
        sent_ = released_;
        not_before_ = std::chrono::steady_clock::now() + frame_gap(streams_());
    }
    busy_ = true;
    boost::asio::co_spawn(executor_, send(shared_from_this(), std::move(next)), boost::asio::detached);
}

void deltas::pump_after(milliseconds wait) {
    if (waiting_) return;
    waiting_ = true;
    timer_.expires_after(wait);
    timer_.async_wait([self = shared_from_this()](const error_code&) {
        self->waiting_ = false;
        self->pump();
    });
}

awaitable<> deltas::send(std::shared_ptr<deltas> self, outgoing_frame frame) {
    const auto position = frame.position;
    const auto outcome = co_await self->frames_.append(std::move(frame));
    self->busy_ = false;
    self->idle_.cancel();
    // begin() may have started another epoch meanwhile; then this outcome no longer counts.
    if (position.epoch != self->position_.epoch) {
        self->pump();
        co_return;
    }
    switch (outcome) {
        case appended::ok:
            self->position_.offset = position.offset + 1;
            self->shown_ = self->sent_;
            self->shown_offset_ = position.offset;
            break;
        case appended::history_lost: self->snapshot_due_ = true; break;
        case appended::superseded: self->superseded_ = true; break;
        case appended::unavailable:  // it may have been written: the next offset, and the whole text
            self->position_.offset = position.offset + 1;
            self->snapshot_due_ = true;
            self->not_before_ = std::chrono::steady_clock::now() + unavailable_gap;
            break;
    }
    self->pump();
}

awaitable<> deltas::settle() {
    closed_ = true;
    timer_.cancel();
    while (busy_) {
        idle_.expires_at(boost::asio::steady_timer::time_point::max());
        co_await idle_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
}

}  // namespace airi::workers::chat
