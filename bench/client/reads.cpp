#include <iostream>
#include <memory>

#include "bench/client/http.hpp"
#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "platform/base/json.hpp"

namespace airi::bench {
namespace {

struct reads_run {
    loop reactor;
    std::string path;  // {id} stands for one of the user's conversations
    std::string body;  // posted unless empty; {n} stands for the reader's number
    steady::time_point measured_from, ends;
    samples answered;
    std::int64_t refused = 0, bytes = 0;
};

class reader {
public:
    reader(reads_run& shared, const endpoint& target, const person& user, std::size_t number)
        : shared_(shared), user_(user), body_(shared.body), http_(shared.reactor) {
        if (const auto at = body_.find("{n}"); at != body_.npos) body_.replace(at, 3, std::to_string(number));
        http_.on_open = [this] { ask(); };
        http_.on_answer = [this](int status, std::string_view body) { answered(status, body); };
        http_.on_end = [this] { ++shared_.refused; };
        http_.connect(target);
    }

private:
    void ask() {
        auto path = shared_.path;
        if (const auto at = path.find("{id}"); at != path.npos)
            path.replace(at, 4, user_.conversations[turn_++ % user_.conversations.size()]);
        sent_ = steady::now();
        http_.send(body_.empty() ? http_link::get(path, user_.token) : http_link::post(path, user_.token, body_));
    }
    void answered(int status, std::string_view body) {
        const auto now = steady::now();
        if (status != 200 && ++shared_.refused < 5) std::cerr << "airi-bench: " << status << ' ' << body << '\n';
        if (status == 200 && now >= shared_.measured_from && now < shared_.ends) {
            shared_.answered.add(now - sent_);
            shared_.bytes = static_cast<std::int64_t>(body.size());
        }
        if (now < shared_.ends) ask();
    }

    reads_run& shared_;
    const person& user_;
    std::string body_;
    http_link http_;
    std::size_t turn_ = 0;
    steady::time_point sent_;
};

}  // namespace

std::string reads(const options& arguments) {
    reads_run all;
    const auto length = arguments.number("seconds", 5);
    all.path = arguments.text("path");
    all.body = arguments.text("body", "");
    all.measured_from = steady::now() + seconds(arguments.number("warmup", 2));
    all.ends = all.measured_from + seconds(length);
    const auto people = load_people(arguments, static_cast<std::size_t>(arguments.number("connections", 32)));
    std::vector<std::unique_ptr<reader>> readers;
    const auto first = static_cast<std::size_t>(arguments.number("first", 0));
    for (const auto& user : people)
        readers.push_back(
            std::make_unique<reader>(all, endpoint::parse(arguments.text("to")), user, first + readers.size()));
    all.reactor.at(all.ends + seconds(1), [&all] { all.reactor.stop(); });
    all.reactor.run();
    return json::object()
        .add("refused", all.refused)
        .add("bytes", all.bytes)
        .add("per_second", static_cast<double>(all.answered.count()) / static_cast<double>(length))
        .add_raw("answered", all.answered.json())
        .text();
}

}  // namespace airi::bench
