#include <iostream>
#include <memory>

#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "bench/client/subscriber.hpp"
#include "platform/base/ids.hpp"

namespace airi::bench {
namespace {

constexpr std::size_t handshakes_at_once = 100;
constexpr std::size_t sockets_of_an_address = 2'000;

struct idle_run {
    loop reactor;
    endpoint target;
    dialect protocol = dialect::airi;
    std::string script;
    std::int64_t pid = 0;
    std::vector<person> people;
    std::vector<std::unique_ptr<subscriber>> sockets;
    std::size_t joined = 0, speaker = 0;
    std::int64_t before = 0, after = 0, failed = 0, messages = 0;
    steady::time_point began, all_joined, sent;
    bool waiting = false;
    samples first_delta;

    void open_next();
    void settled();
    void speak();
    void delta_received(std::size_t number);
};

void idle_run::open_next() {
    if (sockets.size() == people.size()) return;
    const auto number = sockets.size();
    sockets.push_back(std::make_unique<subscriber>(reactor, protocol, people[number].token, std::string()));
    auto& one = *sockets.back();
    one.on_joined = [this] {
        if (++joined < people.size()) return open_next();
        all_joined = steady::now();
        reactor.after(seconds(3), [this] { settled(); });
    };
    one.on_delta = [this, number] { delta_received(number); };
    one.on_end = [this](std::string_view why) {
        if (++failed < 5) std::cerr << "airi-bench: " << why << '\n';
        if (failed > 100) reactor.stop();
    };
    one.connect(target, "127.0.0." + std::to_string(1 + number / sockets_of_an_address));
}

void idle_run::settled() {
    after = memory_of(pid);
    if (messages == 0) return reactor.stop();
    speak();
}

void idle_run::speak() {
    if (messages-- == 0) return reactor.stop();
    speaker = (speaker + 7'919) % people.size();
    waiting = true;
    sent = steady::now();
    sockets[speaker]->send(message_send(
        people[speaker].conversations.front(), "[[stub any_model=1 " + script + "]] Hello.", uuid::v7().text()));
}

void idle_run::delta_received(std::size_t number) {
    if (!waiting || number != speaker) return;
    waiting = false;
    first_delta.add(steady::now() - sent);
    reactor.after(milliseconds(100), [this] { speak(); });
}

}  // namespace

std::string idle(const options& arguments) {
    idle_run all;
    all.target = endpoint::parse(arguments.text("to"));
    all.protocol = parse_dialect(arguments.text("dialect", "airi"));
    all.script = arguments.text("script", "tokens=4 rate=100");
    all.pid = arguments.number("pid", 0);
    all.messages = arguments.number("messages", 100);
    all.people = load_people(arguments, static_cast<std::size_t>(arguments.number("sockets", 10'000)));
    all.before = memory_of(all.pid);
    all.began = steady::now();
    for (std::size_t i = 0; i < handshakes_at_once; ++i) all.open_next();
    all.reactor.run();
    const auto opening = std::chrono::duration<double>(all.all_joined - all.began).count();
    return json::object()
        .add("sockets", all.joined)
        .add("failed", all.failed)
        .add("opening_seconds", opening)
        .add("bytes_before", all.before)
        .add("bytes_after", all.after)
        .add("bytes_per_socket",
            (all.after - all.before) / std::max<std::int64_t>(1, static_cast<std::int64_t>(all.joined)))
        .add_raw("first_delta", all.first_delta.json())
        .text();
}

}  // namespace airi::bench
