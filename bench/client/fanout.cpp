#include <deque>
#include <iostream>
#include <memory>

#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "bench/client/subscriber.hpp"
#include "events/frames.hpp"

namespace airi::bench {
namespace {

class publisher final : public link {
public:
    using link::link;

    std::function<void()> on_open;

    void publish(std::string_view channel, std::string_view payload) {
        std::string out = "*3\r\n$7\r\nPUBLISH\r\n";
        for (const auto word : {channel, payload})
            out.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
        send(out);
    }

private:
    void opened() override { on_open(); }
    std::size_t received(std::string_view bytes) override { return bytes.size(); }
    void ended() override { throw std::runtime_error("Redis has closed"); }
};

// Deltas of consecutive generations, never more than `window` in flight, so that no server drops any.
struct channel_run {
    loop on;
    publisher redis{on};
    std::string channel, text = std::string(24, 'x');
    events::generation_ids ids;
    events::position at{1, 0};
    std::vector<std::unique_ptr<subscriber>> sockets;
    std::vector<std::uint64_t> heard;  // deltas by socket
    std::size_t count = 0, joined = 0, window = 64;
    std::uint64_t published = 0, complete = 0, delivered = 0, measured = 0;
    std::vector<std::size_t> takers;             // by delta modulo window: the number of sockets that received it
    std::vector<steady::time_point> sent_times;  // by delta modulo window
    steady::time_point measured_from, ends;
    seconds warmup{1}, duration{5};
    samples delivery;
    std::int64_t failed = 0;

    void begin();
    void publish_frame(events::frame_type type, std::string_view more);
    void fill();
    void took(std::size_t number);
};

void channel_run::begin() {
    measured_from = steady::now() + warmup;
    ends = measured_from + duration;
    takers.assign(window, 0);
    sent_times.assign(window, {});
    publish_frame(events::frame_type::start, {});
    fill();
    on.at(ends, [this] { on.stop(); });
}

void channel_run::publish_frame(events::frame_type type, std::string_view more) {
    const auto frame = events::frame(type, ids, at, more);
    redis.publish(channel, events::publish_payload(ids.generation, at, type, frame));
    ++at.offset;
}

void channel_run::fill() {
    while (published - complete < window) {
        takers[published % window] = 0;
        sent_times[published % window] = steady::now();
        publish_frame(events::frame_type::delta, events::content_member(text));
        ++published;
    }
}

void channel_run::took(std::size_t number) {
    const auto which = heard[number]++;
    if (++delivered % 64 == 0) {
        const auto now = steady::now();
        if (now >= measured_from && now < ends) {
            measured += 64;
            delivery.add(now - sent_times[which % window]);
        }
    }
    if (++takers[which % window] < count) return;
    ++complete;
    fill();
}

}  // namespace

std::string fanout(const options& with) {
    channel_run all;
    all.count = static_cast<std::size_t>(with.number("sockets", 1'000));
    all.window = static_cast<std::size_t>(with.number("window", 64));
    all.duration = seconds(with.number("seconds", 5));
    const auto who = people_of(with, 1).front();
    all.ids.conversation = conversation_id::parse(who.conversations.front()).value();
    all.ids.generation = generation_id::fresh();
    all.ids.message = all.ids.reply = message_id::fresh();
    all.channel = events::channel_of(all.ids.conversation);
    all.heard.assign(all.count, 0);
    const auto speaks = dialect_of(with.text("dialect", "airi"));
    const auto to = place::of(with.text("to"));
    all.redis.on_open = [&all, &who, speaks, to] {
        for (std::size_t i = 0; i < all.count; ++i) {
            all.sockets.push_back(std::make_unique<subscriber>(all.on, speaks, who.token, all.channel));
            auto& one = *all.sockets.back();
            one.on_joined = [&all] {
                if (++all.joined == all.count) all.on.after(seconds(1), [&all] { all.begin(); });
            };
            one.on_delta = [&all, i] { all.took(i); };
            one.on_end = [&all](std::string_view why) {
                if (++all.failed < 5) std::cerr << "airi-bench: " << why << '\n';
                all.on.stop();
            };
            all.on.after(milliseconds(i), [&one, to] { one.connect(to, {}); });
        }
    };
    all.redis.connect(place::of(with.text("redis")));
    all.on.run();
    return json::object()
        .add("sockets", all.joined)
        .add("failed", all.failed)
        .add("deltas", all.complete)
        .add("delivered", all.measured)
        .add("per_second", static_cast<double>(all.measured) / static_cast<double>(all.duration.count()))
        .add_raw("delivery", all.delivery.json())
        .text();
}

}  // namespace airi::bench
