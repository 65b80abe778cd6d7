#include <deque>
#include <iostream>
#include <memory>
#include <unordered_map>

#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "bench/client/websocket.hpp"
#include "platform/base/ids.hpp"

namespace airi::bench {
namespace {

constexpr auto step = seconds(5);  // the interval of the progress report

class sender;

struct course {
    loop on;
    std::string content;
    std::string run = uuid::v7().text();
    std::int64_t rate = 0;    // messages per second, or
    std::int64_t window = 0;  // messages in flight
    std::vector<std::unique_ptr<sender>> senders;
    std::size_t open = 0, next = 0;
    std::int64_t sent = 0, done = 0, failed = 0, done_before = 0;
    samples all, of_step;
    std::string lines;
    steady::time_point begun, ends, last_done;
    std::chrono::seconds duration{0};
    bool going = false;

    void opened();
    void go();
    void send_due();
    void send_one();
    void finished(steady::time_point sent_at);
    void note();
    void wait_for_rest(steady::time_point until);
};

// One user: messages of one conversation are answered in the order in which they were sent.
class sender {
public:
    sender(course& in, const place& to, person who, std::size_t number)
        : in_(in), who_(std::move(who)), number_(std::to_string(number)), ws_(in.on, "/ws", who_.token) {
        ws_.on_open = [this] { in_.opened(); };
        ws_.on_text = [this](std::string_view frame) { hear(frame); };
        ws_.on_end = [this](std::string_view why) {
            ++in_.failed;
            std::cerr << "airi-bench: " << why << '\n';
        };
        in_.on.after(milliseconds(2 * number), [this, to] { ws_.connect(to); });
    }

    void send() {
        const auto& where = who_.conversations[turn_ % who_.conversations.size()];
        under_way_[where].push_back(steady::now());
        ++in_.sent;
        ws_.send_text(message_send(where, in_.content, in_.run + "/" + number_ + "/" + std::to_string(turn_++)));
    }

private:
    void hear(std::string_view frame) {
        const auto type = type_of(frame);
        if (type == "message_complete") {
            constexpr std::string_view name = "\"conversation_id\":\"";
            const auto at = frame.find(name);
            const auto found =
                at == frame.npos ? under_way_.end() : under_way_.find(std::string(frame.substr(at + name.size(), 36)));
            if (found == under_way_.end() || found->second.empty()) return;
            const auto sent = found->second.front();
            found->second.pop_front();
            in_.finished(sent);
        } else if (type == "error" || type == "message_failed" || type == "message_rejected") {
            if (++in_.failed < 5) std::cerr << "airi-bench: " << frame << '\n';
        }
    }

    course& in_;
    person who_;
    std::string number_;
    websocket ws_;
    std::size_t turn_ = 0;
    std::unordered_map<std::string, std::deque<steady::time_point>> under_way_;
};

void course::opened() {
    if (++open == senders.size()) on.after(seconds(1), [this] { go(); });
}

void course::go() {
    going = true;
    begun = last_done = steady::now();
    ends = begun + duration;
    on.at(begun + step, [this] { note(); });
    if (window > 0) {
        for (std::int64_t i = 0; i < window; ++i) send_one();
        on.at(ends, [this] { wait_for_rest(steady::now() + seconds(30)); });
    } else {
        send_due();
    }
}

void course::send_one() { senders[next++ % senders.size()]->send(); }

void course::send_due() {
    const auto now = steady::now();
    if (now >= ends) return wait_for_rest(now + seconds(30));
    const auto due =
        static_cast<std::int64_t>(std::chrono::duration<double>(now - begun).count() * static_cast<double>(rate));
    while (sent < due) send_one();
    on.after(milliseconds(1), [this] { send_due(); });
}

void course::finished(steady::time_point sent_at) {
    const auto now = steady::now();
    ++done;
    all.add(now - sent_at);
    of_step.add(now - sent_at);
    last_done = now;
    if (window > 0 && now < ends) send_one();
}

void course::note() {
    const auto per_second = static_cast<double>(done - done_before) / static_cast<double>(step.count());
    if (!lines.empty()) lines += ',';
    lines += json::object()
                 .add("per_second", per_second)
                 .add("under_way", sent - done)
                 .add("p50", of_step.percentile(50))
                 .add("p99", of_step.percentile(99))
                 .text();
    done_before = done;
    of_step.clear();
    if (steady::now() < ends) on.after(step, [this] { note(); });
}

void course::wait_for_rest(steady::time_point until) {
    if (sent == done || steady::now() > until) return on.stop();
    on.after(milliseconds(10), [this, until] { wait_for_rest(until); });
}

}  // namespace

std::string pipeline(const options& with) {
    course all;
    all.content = "[[stub " + with.text("script") + "]] Good morning.";
    all.rate = with.number("rate", 1000);
    all.window = with.number("window", 0);
    all.duration = seconds(with.number("seconds", 60));
    const auto sockets = static_cast<std::size_t>(with.number("sockets", 500));
    for (auto& who : people_of(with, sockets))
        all.senders.push_back(
            std::make_unique<sender>(all, place::of(with.text("to")), std::move(who), all.senders.size()));
    all.on.run();
    const auto took = std::chrono::duration<double>(all.last_done - all.begun).count();
    return json::object()
        .add("sent", all.sent)
        .add("finished", all.done)
        .add("failed", all.failed)
        .add("seconds", took)
        .add("per_second", took > 0 ? static_cast<double>(all.done) / took : 0.0)
        .add_raw("whole", all.all.json())
        .add_raw("course", "[" + all.lines + "]")
        .text();
}

}  // namespace airi::bench
