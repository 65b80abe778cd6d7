#include "tests/support/stub_provider/perform.hpp"
#include "tests/support/stub_provider/refusal.hpp"
#include "tests/support/stub_provider/response_head.hpp"

#include <chrono>
#include <string>

namespace airi::stub_provider {
namespace {

using std::chrono::milliseconds;

struct whole_answer {
    std::string head;
    std::string body;
    bool broken = false;  // the framing is unreliable: no further request on this connection
};

std::string chunked(std::string_view payload, std::string_view trailer, const script& plan) {
    body_writer out(plan);
    out.chunk(payload);
    out.end(trailer);
    return std::move(out.bytes());
}

whole_answer compose(const exchange& what, bool keep_alive, int& status) {
    const script& plan = what.plan;
    const auto voice = dialect_for(what);
    response_head head{
        .content_type = voice->content_type(false), .keep_alive = keep_alive, .request_id = what.request_id};
    whole_answer out;
    if (plan.has(fault::error)) {
        const refusal_body refused =
            body_of(scripted(what.vendor, 500, what.model, plan.code), what.vendor, what.ndjson, what.request_id);
        status = head.status = 500;
        out.body = refused.text;
    } else if (plan.has(fault::deep)) {
        out.body = R"({"choices":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
    } else if (plan.has(fault::big_line)) {
        out.body = R"({"filler":")" + std::string(std::size_t{10} * 1024 * 1024, 'x') + R"("})";
    } else {
        out.body = voice->whole();
    }
    if (plan.has(fault::garbage) || plan.has(fault::garbage_only)) out.body.resize(out.body.size() / 2);
    if (plan.has(fault::bad_chunk)) {
        out.body = "zz\r\n" + out.body + "\r\n";
        out.broken = true;
    } else if (plan.has(fault::big_trailer)) {
        out.body = chunked(out.body, "X-Trailer: " + std::string(70'000, 't') + "\r\n", plan);
    } else {
        if (plan.has(fault::bom)) out.body.insert(0, "\xef\xbb\xbf");
        head.length = out.body.size();
    }
    out.head = spelled(head, what.vendor, plan);
    return out;
}

milliseconds time_needed(const exchange& what) {
    const std::size_t count = what.says.count();
    const double paced = what.plan.rate > 0 && count > 1 ? static_cast<double>(count - 1) / what.plan.rate : 0;
    return milliseconds(what.plan.first_ms + static_cast<std::int64_t>(paced * 1000));
}

pace pace_of(const script& plan, fault slow, std::int64_t own_pause) {
    const milliseconds pause(plan.every_ms >= 0 ? plan.every_ms : own_pause);
    if (plan.has(slow)) return {.step = 1, .pause = pause};
    if (plan.has(fault::split)) return {.step = 1, .pause = milliseconds(plan.every_ms >= 0 ? plan.every_ms : 0)};
    return {};
}

// Sends the first half of the body and treats the rest as scripted.
awaitable<void> leave_in_the_middle(connection& target, const exchange& what, whole_answer& answer, outcome& out) {
    const bool nothing = what.plan.has(fault::silent_pings);
    if (!nothing) answer.head.append(answer.body, 0, answer.body.size() / 2);
    if (!co_await target.send(answer.head)) co_return;
    if (what.plan.has(fault::stall) || nothing) {
        co_await target.until_gone();
        co_return;
    }
    out.keep_alive = false;
    if (what.plan.has(fault::cut)) {
        co_await target.sleep_until(steady_clock::now() + milliseconds(5));
        target.reset();
    } else {
        target.close();
    }
}

awaitable<void> send_whole(connection& target, const exchange& what, whole_answer& answer, outcome& out) {
    const pace head_pace = pace_of(what.plan, fault::slow_headers, 50);
    const pace body_pace = pace_of(what.plan, fault::drip, 200);
    if (head_pace.step == 0 && body_pace.step == 0) {
        answer.head += answer.body;
        answer.body.clear();
    }
    if (!co_await target.send(answer.head, head_pace) || !co_await target.send(answer.body, body_pace)) co_return;
    if (out.status == 200) out.tokens_sent = what.says.count();
    if (!answer.broken) co_return;
    out.keep_alive = false;
    target.close();
}

}  // namespace

awaitable<outcome> perform_whole(connection& target, const exchange& what, bool keep_alive) {
    const script& plan = what.plan;
    outcome out{.keep_alive = keep_alive};
    const milliseconds wait = time_needed(what);
    const bool watched = wait.count() > 0 || plan.faults != 0;
    if (watched) target.watch();
    if (plan.has(fault::no_headers)) {
        co_await target.until_gone();
    } else if (wait.count() == 0 || co_await target.sleep_until(steady_clock::now() + wait)) {
        whole_answer answer = compose(what, keep_alive, out.status);
        const bool half =
            plan.has(fault::stall) || plan.has(fault::cut) || plan.has(fault::close) || plan.has(fault::silent_pings);
        if (half) {
            co_await leave_in_the_middle(target, what, answer, out);
        } else {
            co_await send_whole(target, what, answer, out);
        }
    }
    out.client_gone = !target.alive();
    if (watched && target.alive()) target.unwatch();
    co_return out;
}

}  // namespace airi::stub_provider
