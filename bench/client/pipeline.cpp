#include <deque>
#include <iostream>
#include <memory>
#include <unordered_map>

#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "bench/client/websocket.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/json.hpp"

namespace airi::bench {
namespace {

constexpr auto step = seconds(5);  // the interval of the progress report

class sender;

struct pipeline_run {
    loop reactor;
    std::string content;
    std::string run = uuid::v7().text();
    std::int64_t rate = 0;    // messages per second, or
    std::int64_t window = 0;  // messages in flight
    std::vector<std::unique_ptr<sender>> senders;
    std::size_t open = 0, next = 0;
    std::int64_t sent = 0, done = 0, failed = 0, done_before = 0;
    samples all, of_step;
    json::array steps;
    steady::time_point begun, ends, last_done;
    std::chrono::seconds duration{0};
    bool going = false;

    void opened();
    void go();
    void send_due();
    void send_one();
    void finished(steady::time_point sent_at);
    void report();
    void wait_for_rest(steady::time_point until);
};

// One user: messages of one conversation are answered in the order in which they were sent.
class sender {
public:
    sender(pipeline_run& shared, const endpoint& target, person user, std::size_t number)
        : shared_(shared),
          user_(std::move(user)),
          number_(std::to_string(number)),
          ws_(shared.reactor, "/ws", user_.token) {
        ws_.on_open = [this] { shared_.opened(); };
        ws_.on_text = [this](std::string_view frame) { receive(frame); };
        ws_.on_end = [this](std::string_view why) {
            ++shared_.failed;
            std::cerr << "airi-bench: " << why << '\n';
        };
        shared_.reactor.after(milliseconds(2 * number), [this, target] { ws_.connect(target); });
    }

    void send() {
        const auto& where = user_.conversations[turn_ % user_.conversations.size()];
        in_flight_[where].push_back(steady::now());
        ++shared_.sent;
        ws_.send_text(
            message_send(where, shared_.content, shared_.run + "/" + number_ + "/" + std::to_string(turn_++)));
    }

private:
    void receive(std::string_view frame) {
        const auto type = type_of(frame);
        if (type == "message_complete") {
            constexpr std::string_view name = "\"conversation_id\":\"";
            const auto at = frame.find(name);
            const auto found =
                at == frame.npos ? in_flight_.end() : in_flight_.find(std::string(frame.substr(at + name.size(), 36)));
            if (found == in_flight_.end() || found->second.empty()) return;
            const auto sent = found->second.front();
            found->second.pop_front();
            shared_.finished(sent);
        } else if (type == "error" || type == "message_failed" || type == "message_rejected") {
            if (++shared_.failed < 5) std::cerr << "airi-bench: " << frame << '\n';
        }
    }

    pipeline_run& shared_;
    person user_;
    std::string number_;
    websocket ws_;
    std::size_t turn_ = 0;
    std::unordered_map<std::string, std::deque<steady::time_point>> in_flight_;
};

void pipeline_run::opened() {
    if (++open == senders.size()) reactor.after(seconds(1), [this] { go(); });
}

void pipeline_run::go() {
    going = true;
    begun = last_done = steady::now();
    ends = begun + duration;
    reactor.at(begun + step, [this] { report(); });
    if (window > 0) {
        for (std::int64_t i = 0; i < window; ++i) send_one();
        reactor.at(ends, [this] { wait_for_rest(steady::now() + seconds(30)); });
    } else {
        send_due();
    }
}

void pipeline_run::send_one() { senders[next++ % senders.size()]->send(); }

void pipeline_run::send_due() {
    const auto now = steady::now();
    if (now >= ends) return wait_for_rest(now + seconds(30));
    const auto due =
        static_cast<std::int64_t>(std::chrono::duration<double>(now - begun).count() * static_cast<double>(rate));
    while (sent < due) send_one();
    reactor.after(milliseconds(1), [this] { send_due(); });
}

void pipeline_run::finished(steady::time_point sent_at) {
    const auto now = steady::now();
    ++done;
    all.add(now - sent_at);
    of_step.add(now - sent_at);
    last_done = now;
    if (window > 0 && now < ends) send_one();
}

void pipeline_run::report() {
    const auto per_second = static_cast<double>(done - done_before) / static_cast<double>(step.count());
    steps.add(json::object()
            .add("per_second", per_second)
            .add("under_way", sent - done)
            .add("p50", of_step.percentile(50))
            .add("p99", of_step.percentile(99)));
    done_before = done;
    of_step.clear();
    if (steady::now() < ends) reactor.after(step, [this] { report(); });
}

void pipeline_run::wait_for_rest(steady::time_point until) {
    if (sent == done || steady::now() > until) return reactor.stop();
    reactor.after(milliseconds(10), [this, until] { wait_for_rest(until); });
}

}  // namespace

std::string pipeline(const options& arguments) {
    pipeline_run all;
    all.content = "[[stub any_model=1 " + arguments.text("script") + "]] Good morning.";
    all.rate = arguments.number("rate", 1000);
    all.window = arguments.number("window", 0);
    all.duration = seconds(arguments.number("seconds", 60));
    const auto sockets = static_cast<std::size_t>(arguments.number("sockets", 500));
    for (auto& user : load_people(arguments, sockets))
        all.senders.push_back(
            std::make_unique<sender>(all, endpoint::parse(arguments.text("to")), std::move(user), all.senders.size()));
    all.reactor.run();
    const auto elapsed = std::chrono::duration<double>(all.last_done - all.begun).count();
    return json::object()
        .add("sent", all.sent)
        .add("finished", all.done)
        .add("failed", all.failed)
        .add("seconds", elapsed)
        .add("per_second", elapsed > 0 ? static_cast<double>(all.done) / elapsed : 0.0)
        .add_raw("whole", all.all.json())
        .add_raw("course", all.steps.text())
        .text();
}

}  // namespace airi::bench
