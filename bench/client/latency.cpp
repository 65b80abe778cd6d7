#include <iostream>
#include <memory>
#include <random>

#include "bench/client/http.hpp"
#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "bench/client/websocket.hpp"
#include "platform/base/ids.hpp"

namespace airi::bench {
namespace {

// Shared by all streams of a run.
struct talk {
    loop on;
    std::string content;  // with the stub provider's script
    std::string run = uuid::v7().text();
    steady::time_point measured_from, ends;
    samples first_delta, whole;
    std::int64_t deltas = 0, failed = 0;
    std::size_t busy = 0;
    std::minstd_rand dice{7};

    explicit talk(const options& with, std::int64_t streams) {
        content = "[[stub " + with.text("script") + "]] Tell me about the sea.";
        // A run starts its connections one after the other; only the steady time after that counts.
        const auto begun = steady::now() + std::chrono::milliseconds(200 + 4 * streams);
        measured_from = begun + seconds(with.number("warmup", 3));
        ends = measured_from + seconds(with.number("seconds", 10));
    }
    bool measuring(steady::time_point sent) const { return sent >= measured_from && sent < ends; }
    void pause_then(std::function<void()> again) {
        if (steady::now() >= ends) {
            if (--busy == 0) on.stop();
            return;
        }
        on.after(milliseconds(20 + dice() % 400), std::move(again));
    }
    void ended(std::string_view why) {
        ++failed;
        std::cerr << "airi-bench: " << why << '\n';
        on.stop();
    }
    std::string result() {
        return json::object()
            .add_raw("first_delta", first_delta.json())
            .add_raw("whole", whole.json())
            .add("deltas", deltas)
            .add("failed", failed)
            .text();
    }
};

class speaker {
public:
    speaker(talk& in, const place& to, person who, std::size_t number)
        : in_(in), who_(std::move(who)), number_(number), ws_(in.on, "/ws", who_.token) {
        ws_.on_open = [this] { speak(); };
        ws_.on_text = [this](std::string_view frame) { hear(frame); };
        ws_.on_end = [this](std::string_view why) { in_.ended(why); };
        ++in_.busy;
        in_.on.after(milliseconds(4 * number), [this, to] { ws_.connect(to); });
    }

private:
    void speak() {
        const auto& where = who_.conversations[turn_ % who_.conversations.size()];
        const auto id = in_.run + "/" + std::to_string(number_) + "/" + std::to_string(turn_++);
        waiting_ = true;
        sent_ = steady::now();
        ws_.send_text(message_send(where, in_.content, id));
    }
    void hear(std::string_view frame) {
        const auto type = type_of(frame);
        if (type == "message_delta") {
            ++in_.deltas;
            if (waiting_ && in_.measuring(sent_)) in_.first_delta.add(steady::now() - sent_);
            waiting_ = false;
        } else if (type == "message_complete") {
            if (in_.measuring(sent_)) in_.whole.add(steady::now() - sent_);
            in_.pause_then([this] { speak(); });
        } else if (type == "error" || type == "message_failed" || type == "message_rejected" ||
                   type == "message_restart") {
            in_.ended(frame);
        }
    }

    talk& in_;
    person who_;
    std::size_t number_;
    websocket ws_;
    std::size_t turn_ = 0;
    bool waiting_ = false;
    steady::time_point sent_;
};

class asker {
public:
    asker(talk& in, const place& to, std::size_t number) : in_(in), http_(in.on) {
        http_.on_open = [this] { ask(); };
        http_.on_piece = [this](std::string_view piece) { hear(piece); };
        http_.on_answer = [this](int status, std::string_view) {
            if (status != 200) return in_.ended("the stub provider answers " + std::to_string(status));
            if (in_.measuring(sent_)) in_.whole.add(steady::now() - sent_);
            in_.pause_then([this] { ask(); });
        };
        http_.on_end = [this] { in_.ended("the stub provider has closed"); };
        ++in_.busy;
        in_.on.after(milliseconds(4 * number), [this, to] { http_.connect(to); });
    }

private:
    void ask() {
        const auto message = json::object().add("role", "user").add("content", in_.content).text();
        const auto body = json::object()
                              .add("model", "gpt-4o-mini")
                              .add("stream", true)
                              .add_raw("messages", "[" + message + "]")
                              .text();
        waiting_ = true;
        sent_ = steady::now();
        http_.send(http_link::post("/openai/v1/chat/completions", "bench", body));
    }
    void hear(std::string_view piece) {
        if (piece.find("\"content\":\"tok0") == piece.npos && piece.find("\"content\":\" tok") == piece.npos) return;
        ++in_.deltas;
        if (waiting_ && in_.measuring(sent_)) in_.first_delta.add(steady::now() - sent_);
        waiting_ = false;
    }

    talk& in_;
    http_link http_;
    bool waiting_ = false;
    steady::time_point sent_;
};

}  // namespace

std::string latency(const options& with) {
    const auto streams = with.number("streams", 1);
    talk all(with, streams);
    std::vector<std::unique_ptr<speaker>> speakers;
    for (auto& who : people_of(with, static_cast<std::size_t>(streams)))
        speakers.push_back(std::make_unique<speaker>(all, place::of(with.text("to")), std::move(who), speakers.size()));
    all.on.run();
    return all.result();
}

std::string provider(const options& with) {
    const auto streams = static_cast<std::size_t>(with.number("streams", 1));
    talk all(with, with.number("streams", 1));
    std::vector<std::unique_ptr<asker>> askers;
    while (askers.size() < streams)
        askers.push_back(std::make_unique<asker>(all, place::of(with.text("to")), askers.size()));
    all.on.run();
    return all.result();
}

}  // namespace airi::bench
