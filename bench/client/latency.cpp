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
struct latency_run {
    loop reactor;
    std::string content;  // with the stub provider's script
    std::string run = uuid::v7().text();
    steady::time_point measured_from, ends;
    samples first_delta, whole;
    std::int64_t deltas = 0, failed = 0;
    std::size_t busy = 0;
    std::minstd_rand dice{7};

    explicit latency_run(const options& arguments, std::int64_t streams) {
        content = "[[stub any_model=1 " + arguments.text("script") + "]] Tell me about the sea.";
        // A run starts its connections one after the other; only the steady time after that counts.
        const auto begun = steady::now() + std::chrono::milliseconds(200 + 4 * streams);
        measured_from = begun + seconds(arguments.number("warmup", 3));
        ends = measured_from + seconds(arguments.number("seconds", 10));
    }
    bool measuring(steady::time_point sent) const { return sent >= measured_from && sent < ends; }
    void pause_then(std::function<void()> again) {
        if (steady::now() >= ends) {
            if (--busy == 0) reactor.stop();
            return;
        }
        reactor.after(milliseconds(20 + dice() % 400), std::move(again));
    }
    void ended(std::string_view why) {
        ++failed;
        std::cerr << "airi-bench: " << why << '\n';
        reactor.stop();
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
    speaker(latency_run& shared, const endpoint& target, person user, std::size_t number)
        : shared_(shared), user_(std::move(user)), number_(number), ws_(shared.reactor, "/ws", user_.token) {
        ws_.on_open = [this] { speak(); };
        ws_.on_text = [this](std::string_view frame) { receive(frame); };
        ws_.on_end = [this](std::string_view why) { shared_.ended(why); };
        ++shared_.busy;
        shared_.reactor.after(milliseconds(4 * number), [this, target] { ws_.connect(target); });
    }

private:
    void speak() {
        const auto& where = user_.conversations[turn_ % user_.conversations.size()];
        const auto id = shared_.run + "/" + std::to_string(number_) + "/" + std::to_string(turn_++);
        waiting_ = true;
        sent_ = steady::now();
        ws_.send_text(message_send(where, shared_.content, id));
    }
    void receive(std::string_view frame) {
        const auto type = type_of(frame);
        if (type == "message_delta") {
            ++shared_.deltas;
            if (waiting_ && shared_.measuring(sent_)) shared_.first_delta.add(steady::now() - sent_);
            waiting_ = false;
        } else if (type == "message_complete") {
            if (shared_.measuring(sent_)) shared_.whole.add(steady::now() - sent_);
            shared_.pause_then([this] { speak(); });
        } else if (type == "error" || type == "message_failed" || type == "message_rejected" ||
                   type == "message_restart") {
            shared_.ended(frame);
        }
    }

    latency_run& shared_;
    person user_;
    std::size_t number_;
    websocket ws_;
    std::size_t turn_ = 0;
    bool waiting_ = false;
    steady::time_point sent_;
};

class provider_client {
public:
    provider_client(latency_run& shared, const endpoint& target, std::size_t number)
        : shared_(shared), http_(shared.reactor) {
        http_.on_open = [this] { ask(); };
        http_.on_piece = [this](std::string_view piece) { receive(piece); };
        http_.on_answer = [this](int status, std::string_view) {
            if (status != 200) return shared_.ended("the stub provider answers " + std::to_string(status));
            if (shared_.measuring(sent_)) shared_.whole.add(steady::now() - sent_);
            shared_.pause_then([this] { ask(); });
        };
        http_.on_end = [this] { shared_.ended("the stub provider has closed"); };
        ++shared_.busy;
        shared_.reactor.after(milliseconds(4 * number), [this, target] { http_.connect(target); });
    }

private:
    void ask() {
        const auto message = json::object().add("role", "user").add("content", shared_.content).text();
        const auto body = json::object()
                              .add("model", "gpt-4o-mini")
                              .add("stream", true)
                              .add_raw("messages", "[" + message + "]")
                              .text();
        waiting_ = true;
        sent_ = steady::now();
        http_.send(http_link::post("/openai/v1/chat/completions", "bench", body));
    }
    void receive(std::string_view piece) {
        if (piece.find("\"content\":\"tok0") == piece.npos && piece.find("\"content\":\" tok") == piece.npos) return;
        ++shared_.deltas;
        if (waiting_ && shared_.measuring(sent_)) shared_.first_delta.add(steady::now() - sent_);
        waiting_ = false;
    }

    latency_run& shared_;
    http_link http_;
    bool waiting_ = false;
    steady::time_point sent_;
};

}  // namespace

std::string latency(const options& arguments) {
    const auto streams = arguments.number("streams", 1);
    latency_run all(arguments, streams);
    std::vector<std::unique_ptr<speaker>> speakers;
    for (auto& user : load_people(arguments, static_cast<std::size_t>(streams)))
        speakers.push_back(
            std::make_unique<speaker>(all, endpoint::parse(arguments.text("to")), std::move(user), speakers.size()));
    all.reactor.run();
    return all.result();
}

std::string provider(const options& arguments) {
    const auto streams = static_cast<std::size_t>(arguments.number("streams", 1));
    latency_run all(arguments, arguments.number("streams", 1));
    std::vector<std::unique_ptr<provider_client>> clients;
    while (clients.size() < streams)
        clients.push_back(
            std::make_unique<provider_client>(all, endpoint::parse(arguments.text("to")), clients.size()));
    all.reactor.run();
    return all.result();
}

}  // namespace airi::bench
