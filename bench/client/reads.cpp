#include <iostream>
#include <memory>

#include "bench/client/http.hpp"
#include "bench/client/samples.hpp"
#include "bench/client/scenarios.hpp"
#include "platform/base/json.hpp"

namespace airi::bench {
namespace {

struct reading {
    loop on;
    std::string path;  // {id} stands for one of the user's conversations
    std::string body;  // posted unless empty; {n} stands for the reader's number
    steady::time_point measured_from, ends;
    samples answered;
    std::int64_t refused = 0, bytes = 0;
};

class reader {
public:
    reader(reading& in, const place& to, const person& who, std::size_t number)
        : in_(in), who_(who), body_(in.body), http_(in.on) {
        if (const auto at = body_.find("{n}"); at != body_.npos) body_.replace(at, 3, std::to_string(number));
        http_.on_open = [this] { ask(); };
        http_.on_answer = [this](int status, std::string_view body) { answered(status, body); };
        http_.on_end = [this] { ++in_.refused; };
        http_.connect(to);
    }

private:
    void ask() {
        auto path = in_.path;
        if (const auto at = path.find("{id}"); at != path.npos)
            path.replace(at, 4, who_.conversations[turn_++ % who_.conversations.size()]);
        sent_ = steady::now();
        http_.send(body_.empty() ? http_link::get(path, who_.token) : http_link::post(path, who_.token, body_));
    }
    void answered(int status, std::string_view body) {
        const auto now = steady::now();
        if (status != 200 && ++in_.refused < 5) std::cerr << "airi-bench: " << status << ' ' << body << '\n';
        if (status == 200 && now >= in_.measured_from && now < in_.ends) {
            in_.answered.add(now - sent_);
            in_.bytes = static_cast<std::int64_t>(body.size());
        }
        if (now < in_.ends) ask();
    }

    reading& in_;
    const person& who_;
    std::string body_;
    http_link http_;
    std::size_t turn_ = 0;
    steady::time_point sent_;
};

}  // namespace

std::string reads(const options& with) {
    reading all;
    const auto length = with.number("seconds", 5);
    all.path = with.text("path");
    all.body = with.text("body", "");
    all.measured_from = steady::now() + seconds(with.number("warmup", 2));
    all.ends = all.measured_from + seconds(length);
    const auto people = people_of(with, static_cast<std::size_t>(with.number("connections", 32)));
    std::vector<std::unique_ptr<reader>> readers;
    const auto first = static_cast<std::size_t>(with.number("first", 0));
    for (const auto& who : people)
        readers.push_back(std::make_unique<reader>(all, place::of(with.text("to")), who, first + readers.size()));
    all.on.at(all.ends + seconds(1), [&all] { all.on.stop(); });
    all.on.run();
    return json::object()
        .add("refused", all.refused)
        .add("bytes", all.bytes)
        .add("per_second", static_cast<double>(all.answered.count()) / static_cast<double>(length))
        .add_raw("answered", all.answered.json())
        .text();
}

}  // namespace airi::bench
