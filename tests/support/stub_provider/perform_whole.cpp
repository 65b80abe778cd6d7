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

std::string chunked(std::string_view payload, std::string_view trailer, const script& how) {
    body_writer out(how);
    out.chunk(payload);
    out.end(trailer);
    return std::move(out.bytes());
}

whole_answer compose(const exchange& what, bool keep_alive, int& status) {
    const script& how = what.how;
    const auto voice = dialect_for(what);
    response_head head{
        .content_type = voice->content_type(false), .keep_alive = keep_alive, .request_id = what.request_id};
    whole_answer out;
    if (how.has(fault::error)) {
        const refusal_body refused =
            body_of(scripted(what.from, 500, what.model, how.code), what.from, what.ndjson, what.request_id);
        status = head.status = 500;
        out.body = refused.text;
    } else if (how.has(fault::deep)) {
        out.body = R"({"choices":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
    } else if (how.has(fault::big_line)) {
        out.body = R"({"filler":")" + std::string(std::size_t{10} * 1024 * 1024, 'x') + R"("})";
    } else {
        out.body = voice->whole();
    }
    if (how.has(fault::garbage) || how.has(fault::garbage_only)) out.body.resize(out.body.size() / 2);
    if (how.has(fault::bad_chunk)) {
        out.body = "zz\r\n" + out.body + "\r\n";
        out.broken = true;
    } else if (how.has(fault::big_trailer)) {
        out.body = chunked(out.body, "X-Trailer: " + std::string(70'000, 't') + "\r\n", how);
    } else {
        if (how.has(fault::bom)) out.body.insert(0, "\xef\xbb\xbf");
        head.length = out.body.size();
    }
    out.head = spelled(head, what.from, how);
    return out;
}

milliseconds time_needed(const exchange& what) {
    const std::size_t count = what.says.count();
    const double paced = what.how.rate > 0 && count > 1 ? static_cast<double>(count - 1) / what.how.rate : 0;
    return milliseconds(what.how.first_ms + static_cast<std::int64_t>(paced * 1000));
}

pace pace_of(const script& how, fault slow, std::int64_t own_pause) {
    const milliseconds pause(how.every_ms >= 0 ? how.every_ms : own_pause);
    if (how.has(slow)) return {.step = 1, .pause = pause};
    if (how.has(fault::split)) return {.step = 1, .pause = milliseconds(how.every_ms >= 0 ? how.every_ms : 0)};
    return {};
}

// Sends the first half of the body and treats the rest as scripted.
awaitable<void> leave_in_the_middle(connection& to, const exchange& what, whole_answer& answer, outcome& out) {
    const bool nothing = what.how.has(fault::silent_pings);
    if (!nothing) answer.head.append(answer.body, 0, answer.body.size() / 2);
    if (!co_await to.send(answer.head)) co_return;
    if (what.how.has(fault::stall) || nothing) {
        co_await to.until_gone();
        co_return;
    }
    out.keep_alive = false;
    if (what.how.has(fault::cut)) {
        co_await to.sleep_until(steady_clock::now() + milliseconds(5));
        to.reset();
    } else {
        to.close();
    }
}

awaitable<void> send_whole(connection& to, const exchange& what, whole_answer& answer, outcome& out) {
    const pace head_pace = pace_of(what.how, fault::slow_headers, 50);
    const pace body_pace = pace_of(what.how, fault::drip, 200);
    if (head_pace.step == 0 && body_pace.step == 0) {
        answer.head += answer.body;
        answer.body.clear();
    }
    if (!co_await to.send(answer.head, head_pace) || !co_await to.send(answer.body, body_pace)) co_return;
    if (out.status == 200) out.tokens_sent = what.says.count();
    if (!answer.broken) co_return;
    out.keep_alive = false;
    to.close();
}

}  // namespace

awaitable<outcome> perform_whole(connection& to, const exchange& what, bool keep_alive) {
    const script& how = what.how;
    outcome out{.keep_alive = keep_alive};
    const milliseconds wait = time_needed(what);
    const bool watched = wait.count() > 0 || how.faults != 0;
    if (watched) to.watch();
    if (how.has(fault::no_headers)) {
        co_await to.until_gone();
    } else if (wait.count() == 0 || co_await to.sleep_until(steady_clock::now() + wait)) {
        whole_answer answer = compose(what, keep_alive, out.status);
        const bool half =
            how.has(fault::stall) || how.has(fault::cut) || how.has(fault::close) || how.has(fault::silent_pings);
        if (half) {
            co_await leave_in_the_middle(to, what, answer, out);
        } else {
            co_await send_whole(to, what, answer, out);
        }
    }
    out.client_gone = !to.alive();
    if (watched && to.alive()) to.unwatch();
    co_return out;
}

}  // namespace airi::stub_provider
