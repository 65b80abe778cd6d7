#include <iostream>
#include <memory>

#include "bench/client/http.hpp"
#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "platform/base/ids.hpp"

namespace airi::bench {
namespace {

struct flood {
    loop on;
    std::string run = uuid::v7().text(), content;
    steady::time_point measured_from, ends;
    samples acknowledged;
    std::int64_t refused = 0;

    bool measuring(steady::time_point at) const { return at >= measured_from && at < ends; }
};

class poster {
public:
    poster(flood& in, const place& to, const person& who, std::size_t number)
        : in_(in), who_(who), number_(std::to_string(number)), http_(in.on) {
        http_.on_open = [this] { post(); };
        http_.on_answer = [this](int status, std::string_view body) { answered(status, body); };
        http_.on_end = [this] { ++in_.refused; };
        http_.connect(to);
    }

private:
    void post() {
        const auto& where = who_.conversations[turn_ % who_.conversations.size()];
        const auto body = json::object()
                              .add("content", in_.content)
                              .add("client_message_id", in_.run + "/" + number_ + "/" + std::to_string(turn_++))
                              .text();
        sent_ = steady::now();
        http_.send(
            http_link::post("/api/v1/conversations/" + where + "/messages", who_.token, body, "Prefer: wait=0\r\n"));
    }
    void answered(int status, std::string_view body) {
        const auto now = steady::now();
        if (status != 202 && ++in_.refused < 5) std::cerr << "airi-bench: " << status << ' ' << body << '\n';
        if (status == 202 && in_.measuring(now)) in_.acknowledged.add(now - sent_);
        if (now < in_.ends) post();
    }

    flood& in_;
    const person& who_;
    std::string number_;
    http_link http_;
    std::size_t turn_ = 0;
    steady::time_point sent_;
};

}  // namespace

std::string ingress(const options& with) {
    flood all;
    const auto connections = static_cast<std::size_t>(with.number("connections", 64));
    const auto length = with.number("seconds", 5);
    all.content = with.text(
        "content", "Good morning, how did you sleep? I dreamt of the sea again, and of the house by the harbour.");
    all.measured_from = steady::now() + seconds(with.number("warmup", 2));
    all.ends = all.measured_from + seconds(length);
    const auto people = people_of(with, connections);
    std::vector<std::unique_ptr<poster>> posters;
    for (const auto& who : people)
        posters.push_back(std::make_unique<poster>(all, place::of(with.text("to")), who, posters.size()));
    all.on.at(all.ends + seconds(1), [&all] { all.on.stop(); });
    all.on.run();
    return json::object()
        .add("refused", all.refused)
        .add("per_second", static_cast<double>(all.acknowledged.count()) / static_cast<double>(length))
        .add_raw("acknowledged", all.acknowledged.json())
        .text();
}

}  // namespace airi::bench
