#include <iostream>
#include <memory>

#include "bench/client/http.hpp"
#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "platform/base/ids.hpp"

namespace airi::bench {
namespace {

struct ingress_run {
    loop reactor;
    std::string run = uuid::v7().text(), content;
    steady::time_point measured_from, ends;
    samples acknowledged;
    std::int64_t refused = 0;

    bool measuring(steady::time_point at) const { return at >= measured_from && at < ends; }
};

class poster {
public:
    poster(ingress_run& shared, const endpoint& target, const person& user, std::size_t number)
        : shared_(shared), user_(user), number_(std::to_string(number)), http_(shared.reactor) {
        http_.on_open = [this] { post(); };
        http_.on_answer = [this](int status, std::string_view body) { answered(status, body); };
        http_.on_end = [this] { ++shared_.refused; };
        http_.connect(target);
    }

private:
    void post() {
        const auto& where = user_.conversations[turn_ % user_.conversations.size()];
        const auto body = json::object()
                              .add("content", shared_.content)
                              .add("client_message_id", shared_.run + "/" + number_ + "/" + std::to_string(turn_++))
                              .text();
        sent_ = steady::now();
        http_.send(
            http_link::post("/api/v1/conversations/" + where + "/messages", user_.token, body, "Prefer: wait=0\r\n"));
    }
    void answered(int status, std::string_view body) {
        const auto now = steady::now();
        if (status != 202 && ++shared_.refused < 5) std::cerr << "airi-bench: " << status << ' ' << body << '\n';
        if (status == 202 && shared_.measuring(now)) shared_.acknowledged.add(now - sent_);
        if (now < shared_.ends) post();
    }

    ingress_run& shared_;
    const person& user_;
    std::string number_;
    http_link http_;
    std::size_t turn_ = 0;
    steady::time_point sent_;
};

}  // namespace

std::string ingress(const options& arguments) {
    ingress_run all;
    const auto connections = static_cast<std::size_t>(arguments.number("connections", 64));
    const auto length = arguments.number("seconds", 5);
    all.content = arguments.text(
        "content", "Good morning, how did you sleep? I dreamt of the sea again, and of the house by the harbour.");
    all.measured_from = steady::now() + seconds(arguments.number("warmup", 2));
    all.ends = all.measured_from + seconds(length);
    const auto people = load_people(arguments, connections);
    std::vector<std::unique_ptr<poster>> posters;
    for (const auto& user : people)
        posters.push_back(std::make_unique<poster>(all, endpoint::parse(arguments.text("to")), user, posters.size()));
    all.reactor.at(all.ends + seconds(1), [&all] { all.reactor.stop(); });
    all.reactor.run();
    return json::object()
        .add("refused", all.refused)
        .add("per_second", static_cast<double>(all.acknowledged.count()) / static_cast<double>(length))
        .add_raw("acknowledged", all.acknowledged.json())
        .text();
}

}  // namespace airi::bench
