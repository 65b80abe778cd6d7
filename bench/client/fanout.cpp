#include <deque>
#include <iostream>
#include <memory>

#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "bench/client/subscriber.hpp"
#include "events/frames/frame.hpp"

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
struct fanout_run {
    loop reactor;
    publisher redis{reactor};
    std::string channel, text = std::string(24, 'x');
    events::generation_ids ids;
    events::position at{1, 0};
    std::vector<std::unique_ptr<subscriber>> sockets;
    std::vector<std::uint64_t> delta_counts;  // deltas by socket
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
    void delta_received(std::size_t number);
};

void fanout_run::begin() {
    measured_from = steady::now() + warmup;
    ends = measured_from + duration;
    takers.assign(window, 0);
    sent_times.assign(window, {});
    publish_frame(events::frame_type::start, {});
    fill();
    reactor.at(ends, [this] { reactor.stop(); });
}

void fanout_run::publish_frame(events::frame_type type, std::string_view more) {
    const auto frame = events::frame(type, ids, at, more);
    redis.publish(channel, events::publish_payload(ids.generation, at, type, frame));
    ++at.offset;
}

void fanout_run::fill() {
    while (published - complete < window) {
        takers[published % window] = 0;
        sent_times[published % window] = steady::now();
        publish_frame(events::frame_type::delta, events::content_member(text));
        ++published;
    }
}

void fanout_run::delta_received(std::size_t number) {
    const auto which = delta_counts[number]++;
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

std::string fanout(const options& arguments) {
    fanout_run all;
    all.count = static_cast<std::size_t>(arguments.number("sockets", 1'000));
    all.window = static_cast<std::size_t>(arguments.number("window", 64));
    all.duration = seconds(arguments.number("seconds", 5));
    const auto user = load_people(arguments, 1).front();
    all.ids.conversation = conversation_id::parse(user.conversations.front()).value();
    all.ids.generation = generation_id::fresh();
    all.ids.message = all.ids.reply = message_id::fresh();
    all.channel = events::channel_of(all.ids.conversation);
    all.delta_counts.assign(all.count, 0);
    const auto protocol = parse_dialect(arguments.text("dialect", "airi"));
    const auto target = endpoint::parse(arguments.text("to"));
    all.redis.on_open = [&all, &user, protocol, target] {
        for (std::size_t i = 0; i < all.count; ++i) {
            all.sockets.push_back(std::make_unique<subscriber>(all.reactor, protocol, user.token, all.channel));
            auto& one = *all.sockets.back();
            one.on_joined = [&all] {
                if (++all.joined == all.count) all.reactor.after(seconds(1), [&all] { all.begin(); });
            };
            one.on_delta = [&all, i] { all.delta_received(i); };
            one.on_end = [&all](std::string_view why) {
                if (++all.failed < 5) std::cerr << "airi-bench: " << why << '\n';
                all.reactor.stop();
            };
            all.reactor.after(milliseconds(i), [&one, target] { one.connect(target, {}); });
        }
    };
    all.redis.connect(endpoint::parse(arguments.text("redis")));
    all.reactor.run();
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
