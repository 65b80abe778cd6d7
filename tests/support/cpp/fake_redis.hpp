// An in-memory Redis with the gateway's subset: streams, channels, the worker's append script, and keys without expiry.
// Answers arrive through the loop, never inline; while corked they wait. Single-threaded. Conforms to
// tests/conformance/redis_suite.hpp but for scripts: every eval is refused, unless `evaluate` answers it.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "events/frames/frame.hpp"
#include "platform/redis/redis.hpp"

namespace airi::test {

class fake_redis {
public:
    class fake_subscriber;
    class fake_client;

    /// The worker's append script: rejects a delta without a stream, and any frame not newer than the stream's last.
    bool append(const events::generation_ids& ids, events::position at, events::frame_type type, std::string_view more,
        bool published = true) {
        const auto key = events::stream_key(ids.generation);
        const auto json = events::frame(type, ids, at, more);
        if (type == events::frame_type::delta && !streams_.contains(key)) return false;
        auto& stream = streams_[key];
        if (!stream.empty() && stream.rbegin()->first >= at) return false;
        stream.emplace(at, json);
        if (published)
            publish(events::channel_of(ids.conversation), events::publish_payload(ids.generation, at, type, json));
        return true;
    }
    inline std::int64_t publish(const std::string& channel, const std::string& payload);
    void flush() { streams_.clear(); }

    /// Ends what waits and makes all commands and publications fail, or succeed again.
    inline void go_away();
    inline void come_back();
    /// Holds answers to commands and confirmations until `uncork`.
    void cork() { corked_ = true; }
    void uncork() {
        corked_ = false;
        for (auto& one : std::exchange(answers_, {})) one.arrive();
    }
    std::size_t waiting() const { return answers_.size(); }

    std::map<std::string, std::string> keys;
    /// Answers a script that was given these keys and arguments.
    std::function<result<redis::reply>(const std::vector<std::string>&, const std::vector<std::string>&)> evaluate;
    std::chrono::steady_clock::time_point standing_since{};  ///< so long ago that every grace time is over
    int commands = 0;
    int subscriptions = 0;
    int unsubscriptions = 0;

private:
    redis::reply range(const std::string& key, std::string_view from) const {
        redis::reply out{redis::reply::kind::list, 0, {}, {}};
        const auto found = streams_.find(key);
        if (found == streams_.end()) return out;
        const bool open = from.starts_with('(');
        const auto first = events::read_entry_id(open ? from.substr(1) : from).value_or(events::position{});
        for (auto each = open ? found->second.upper_bound(first) : found->second.lower_bound(first);
            each != found->second.end(); ++each) {
            redis::reply fields{redis::reply::kind::list, 0, {}, {text("f"), text(each->second)}};
            out.list.push_back({redis::reply::kind::list, 0, {}, {text(events::entry_id(each->first)), fields}});
        }
        return out;
    }
    static redis::reply text(std::string value) { return {redis::reply::kind::text, 0, std::move(value), {}}; }

    result<redis::reply> answer(const std::vector<std::string>& words) {
        if (away_) return redis::errc::unavailable;
        if (words[0] == "XRANGE") return range(words[1], words[2]);
        if (words[0] == "PUBLISH")
            return redis::reply{redis::reply::kind::integer, publish(words[1], words[2]), {}, {}};
        if (words[0] == "XADD") return add(words[1], events::read_entry_id(words[2]), words[4]);
        if (words[0] == "GET") {
            if (streams_.contains(words[1])) return redis::errc::refused;
            return keys.contains(words[1]) ? text(keys[words[1]]) : redis::reply{};
        }
        if (words[0] == "SET") {
            const bool only_new = std::find(words.begin() + 3, words.end(), "NX") != words.end();
            if (only_new && keys.contains(words[1])) return redis::reply{};
            keys[words[1]] = words[2];
            return text("OK");
        }
        if (words[0] == "UNLINK") {
            redis::reply removed{redis::reply::kind::integer, 0, {}, {}};
            for (std::size_t i = 1; i < words.size(); ++i)
                removed.number += static_cast<std::int64_t>(keys.erase(words[i]) + streams_.erase(words[i]));
            return removed;
        }
        return redis::errc::refused;
    }
    result<redis::reply> add(const std::string& key, std::optional<events::position> at, const std::string& value) {
        const auto found = streams_.find(key);
        const auto last = found == streams_.end() ? events::position{} : found->second.rbegin()->first;
        if (!at || *at <= last) return redis::errc::refused;
        streams_[key].emplace(*at, value);
        return text(events::entry_id(*at));
    }

    // An answer on its way: it arrives, or the connection of its client or subscriber is lost first.
    struct pending {
        const void* of;
        std::string channel;  // of a confirmation
        std::function<void()> arrive, lose;
    };
    void deliver(pending one) {
        if (!corked_) return one.arrive();
        answers_.push_back(std::move(one));
    }
    template <class Condition>
    void lose_if(Condition chosen) {
        std::deque<pending> rest;
        for (auto& one : std::exchange(answers_, {})) chosen(one) ? one.lose() : rest.push_back(std::move(one));
        for (auto& one : rest) answers_.push_back(std::move(one));
    }

    std::map<std::string, std::map<events::position, std::string>> streams_;
    std::set<fake_subscriber*> subscribers_;
    std::deque<pending> answers_;
    bool corked_ = false;
    bool away_ = false;
};

class fake_redis::fake_client final : public redis::client {
public:
    explicit fake_client(fake_redis& server) : server_(server) {}
    awaitable<result<redis::reply>> command(std::vector<std::string> words) override {
        ++server_.commands;
        co_return co_await from_callback<result<redis::reply>>([&](std::function<void(result<redis::reply>)> then) {
            if (!available()) return then(redis::errc::unavailable);
            // The answer is computed at once; the cork delays only its delivery.
            server_.deliver({this, {}, [then, got = server_.answer(words)] { then(got); },
                [then] { then(redis::errc::unavailable); }});
        });
    }
    awaitable<result<redis::reply>> eval(
        const redis::script&, std::vector<std::string> places, std::vector<std::string> arguments) override {
        if (!server_.evaluate || !available()) co_return redis::errc::refused;
        co_return server_.evaluate(places, arguments);
    }
    bool available() const override { return !closed_ && !server_.away_; }
    std::chrono::steady_clock::time_point standing_since() const override { return server_.standing_since; }
    void close() override {
        closed_ = true;
        server_.lose_if([this](const pending& one) { return one.of == this; });
    }

private:
    fake_redis& server_;
    bool closed_ = false;
};

class fake_redis::fake_subscriber final : public redis::subscriber {
public:
    explicit fake_subscriber(fake_redis& server) : server_(server) { server_.subscribers_.insert(this); }
    ~fake_subscriber() override { server_.subscribers_.erase(this); }

    awaitable<result<>> subscribe(std::string channel) override {
        co_return co_await from_callback<result<>>([&](std::function<void(result<>)> then) {
            if (!available()) return then(redis::errc::unavailable);
            ++server_.subscriptions;
            server_.deliver({this, channel,
                [this, channel, then] {
                    channels_.insert(channel);
                    then(result<>());
                },
                [then] { then(redis::errc::unavailable); }});
        });
    }
    void unsubscribe(std::string channel) override {
        ++server_.unsubscriptions;
        channels_.erase(channel);
        server_.lose_if([&](const pending& one) { return one.of == this && one.channel == channel; });
    }
    bool available() const override { return !closed_ && !server_.away_; }
    void close() override {
        closed_ = true;
        channels_.clear();
        server_.lose_if([this](const pending& one) { return one.of == this; });
    }

    bool has(const std::string& channel) const { return channels_.contains(channel); }

private:
    friend fake_redis;
    fake_redis& server_;
    std::set<std::string> channels_;
    bool closed_ = false;
};

std::int64_t fake_redis::publish(const std::string& channel, const std::string& payload) {
    if (away_) return 0;
    std::int64_t receivers = 0;
    for (auto* each : subscribers_)
        if (each->channels_.contains(channel) && ++receivers && each->arrived) each->arrived(channel, payload);
    return receivers;
}

void fake_redis::go_away() {
    if (std::exchange(away_, true)) return;
    lose_if([](const pending&) { return true; });
    for (auto* each : subscribers_)
        if (!each->closed_ && each->lost) each->lost();
}

void fake_redis::come_back() {
    if (!std::exchange(away_, false)) return;
    standing_since = std::chrono::steady_clock::now();
    for (auto* each : subscribers_)
        if (!each->closed_ && each->back) each->back();
}

}  // namespace airi::test
