#include "gateway/messaging/stream_follower.hpp"

#include <algorithm>

namespace airi::gateway {
namespace {

constexpr std::ptrdiff_t max_unrequested = 256;
constexpr std::size_t max_ended = 64;

}  // namespace

bool stream_follower::follow(const generation_id& id) {
    if (follows(id)) return false;
    streams_.insert_or_assign(id, stream{});
    return true;
}

stream_follower::resumption stream_follower::resume(const generation_id& id, std::optional<events::position> seen) {
    const auto known = streams_.find(id);
    if (known != streams_.end() && !known->second.requested) {
        if (known->second.order.ended()) {
            streams_.erase(known);
            return {.seen = std::nullopt, .ended = true};
        }
        seen = known->second.order.last();
    }
    std::erase(ended_, id);
    streams_.insert_or_assign(id, stream{.order = attached_generation(seen)});
    return {.seen = seen, .ended = false};
}

void stream_follower::unfollow(const generation_id& id) {
    if (follows(id)) streams_.erase(id);
}

bool stream_follower::follows(const generation_id& id) const {
    const auto found = streams_.find(id);
    return found != streams_.end() && found->second.requested;
}

bool stream_follower::empty() const {
    return std::none_of(streams_.begin(), streams_.end(), [](const auto& each) { return each.second.requested; });
}

stream_follower::stream* stream_follower::requested(const generation_id& id) {
    const auto found = streams_.find(id);
    return found != streams_.end() && found->second.requested ? &found->second : nullptr;
}

stream_follower::verdict stream_follower::receive(const delivered_frame& delivered) {
    const auto& published = delivered.published;
    const auto found = streams_.find(published.generation);
    if (found == streams_.end()) return begin_unrequested(delivered) ? verdict::send : verdict::withhold;
    auto& stream = found->second;
    if (stream.requested)
        stream.last_frame = clock::now();
    else if (stream.order.ended())
        return verdict::withhold;
    const auto received = stream.order.receive(delivered);
    if (received != verdict::send || !events::is_end(published.type)) return received;
    if (stream.requested)
        finish(published.generation);
    else
        remember_end(published.generation);
    return verdict::send;
}

// A generation that the client has not requested, or not yet, is sent from a frame on that needs none before it: deltas
// from the middle would come before those that a resumption reads.
bool stream_follower::begin_unrequested(const delivered_frame& delivered) {
    const auto& published = delivered.published;
    if (published.type == events::frame_type::delta) return false;
    if (std::find(ended_.begin(), ended_.end(), published.generation) != ended_.end()) return false;
    const auto unrequested = [](const auto& each) { return !each.second.requested; };
    if (std::count_if(streams_.begin(), streams_.end(), unrequested) >= max_unrequested)
        std::erase_if(streams_, unrequested);
    stream begun{.requested = false};
    (void)begun.order.release(replayed{});
    (void)begun.order.receive(delivered);
    streams_.emplace(published.generation, std::move(begun));
    if (events::is_end(published.type)) remember_end(published.generation);
    return true;
}

void stream_follower::finish(const generation_id& id) {
    streams_.erase(id);
    remember_end(id);
}

void stream_follower::remember_end(const generation_id& id) {
    ended_.push_back(id);
    if (ended_.size() > max_ended) ended_.pop_front();
}

std::vector<entry> stream_follower::release(const generation_id& id, replayed history) {
    auto* stream = requested(id);
    if (!stream) return {};
    auto out = stream->order.release(std::move(history));
    if (stream->order.ended()) finish(id);
    return out;
}

stream_follower::begun stream_follower::release_new(const generation_id& id) {
    auto* stream = requested(id);
    if (!stream) return {};
    begun out{.frames = stream->order.release_new(), .behind = stream->order.holding()};
    if (stream->order.ended()) finish(id);
    return out;
}

std::vector<entry> stream_follower::release(const generation_status& status) {
    const auto& id = status.ids.generation;
    if (!follows(id)) return {};
    std::vector<entry> out;
    if (auto known = frame_of(status, status.ids)) out.push_back(std::move(*known));
    if (status.end) {
        finish(id);
        return out;
    }
    for (auto& one : release(id, replayed{})) out.push_back(std::move(one));
    return out;
}

std::vector<generation_id> stream_follower::silent(clock::time_point now, clock::duration limit) const {
    std::vector<generation_id> out;
    for (const auto& [id, stream] : streams_)
        if (stream.requested && now - stream.last_frame >= limit) out.push_back(id);
    return out;
}

std::optional<entry> stream_follower::end(const generation_status& status) {
    if (!status.end || !follows(status.ids.generation)) return std::nullopt;
    finish(status.ids.generation);
    return frame_of(status, status.ids);
}

}  // namespace airi::gateway
