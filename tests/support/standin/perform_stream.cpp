#include "tests/support/standin/perform.hpp"
#include "tests/support/standin/response_head.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace airi::standin {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t write_size = 64 * 1024;
constexpr std::size_t big_line_size = 10 * 1024 * 1024;
constexpr std::size_t big_trailer_size = 70'000;
constexpr std::size_t depth = 100'000;

std::string deep_json() { return R"({"choices":)" + std::string(depth, '[') + std::string(depth, ']') + "}"; }

milliseconds pause_of(const script& how, std::int64_t own) {
    return milliseconds(how.every_ms >= 0 ? how.every_ms : own);
}

class performance {
public:
    performance(connection& to, const exchange& what, journal& book, record_key which, bool keep_alive)
        : x_to(to),
          x_what(what),
          x_how(what.how),
          x_book(book),
          x_which(which),
          x_voice(dialect_for(what)),
          x_out(what.how),
          x_keep_alive(keep_alive),
          x_begin(steady_clock::now()) {
        if (x_how.has(fault::split)) x_pace = {.step = 1, .pause = pause_of(x_how, 0)};
    }

    awaitable<outcome> run() {
        const bool watched = takes_time();
        if (watched) x_to.watch();
        co_await play();
        if (watched && x_to.alive()) x_to.unwatch();
        co_return outcome{.tokens_sent = x_sent,
                          .client_gone = !x_to.alive() && !x_we_left,
                          .keep_alive = x_keep_alive && !x_we_left};
    }

private:
    // A plain reply that goes out in one write needs nobody to look for the client.
    bool takes_time() const { return x_how.rate > 0 || x_how.first_ms > 0 || x_how.faults != 0; }

    awaitable<void> play() {
        if (x_how.has(fault::no_headers)) {
            co_await x_to.until_gone();
            co_return;
        }
        co_await head();
        if (!x_how.has(fault::garbage_only)) x_voice->opening(x_out);
        const std::size_t count = x_what.says.count();
        const std::size_t at = std::min(x_how.at, count);
        for (std::size_t i = 0;; ++i) {
            if (i == at && x_how.faults != 0 && !co_await break_something()) co_return;
            if (i == count) break;
            if (!co_await until_due(i)) co_return;
            say(i);
            if (x_out.bytes().size() > write_size && !co_await flush()) co_return;
        }
        co_await finish();
    }

    awaitable<void> head() {
        x_out.raw(spelled({.content_type = x_voice->content_type(true),
                           .keep_alive = x_keep_alive,
                           .stream = true,
                           .request_id = x_what.request_id},
                          x_what.from, x_how));
        if (!x_how.has(fault::slow_headers)) co_return;
        const pace usual = std::exchange(x_pace, pace{.step = 1, .pause = pause_of(x_how, 50)});
        co_await flush();
        x_pace = usual;
    }

    // Tokens that are late already go out together, so the rate holds under load.
    awaitable<bool> until_due(std::size_t index) {
        if (x_how.rate <= 0 && x_how.first_ms == 0) co_return true;
        const double after = x_how.rate > 0 ? static_cast<double>(index) / x_how.rate : 0;
        const auto due =
            x_begin + milliseconds(x_how.first_ms) +
            std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(after));
        if (due <= steady_clock::now()) co_return true;
        if (!co_await flush()) co_return false;
        co_return co_await x_to.sleep_until(due);
    }

    void say(std::size_t index) {
        if (x_how.has(fault::garbage_only)) {
            x_voice->event(x_out, "<<< this is not JSON >>>");
            return;
        }
        if (x_how.has(fault::unknown_events)) x_voice->unknown(x_out);
        x_voice->token(x_out, x_what.says.token(index));
        ++x_queued;
    }

    // False when nothing more is to be said.
    awaitable<bool> break_something() {
        if (x_how.has(fault::garbage))
            x_voice->event(x_out, R"({"id":"chatcmpl-broken","choices":[{"delta":{"con)");
        if (x_how.has(fault::deep)) x_voice->event(x_out, deep_json());
        if (x_how.has(fault::big_line)) x_voice->token(x_out, std::string(big_line_size, 'x'));
        if (x_how.has(fault::error)) {
            x_voice->error(x_out);
            x_out.end();
            co_await flush();
            co_return false;
        }
        if (x_how.has(fault::close)) {
            x_out.end();
            co_await flush();
            co_return false;
        }
        if (x_how.has(fault::stall)) {
            if (co_await flush()) co_await x_to.until_gone();
            co_return false;
        }
        if (x_how.has(fault::silent_pings)) {
            while (co_await flush() &&
                   co_await x_to.sleep_until(steady_clock::now() + pause_of(x_how, 200))) {
                x_voice->ping(x_out);
            }
            co_return false;
        }
        if (x_how.has(fault::cut) || x_how.has(fault::bad_chunk)) {
            co_await leave_in_the_middle();
            co_return false;
        }
        if (x_how.has(fault::drip)) {
            if (!co_await flush()) co_return false;
            x_pace = {.step = 1, .pause = pause_of(x_how, 200)};
        }
        co_return true;
    }

    awaitable<void> leave_in_the_middle() {
        x_out.raw(x_how.has(fault::cut) ? "400\r\ndata: {\"id\":\"chatcmpl-cut\",\"choi"
                                        : "zz\r\ndata: {}\n\n\r\n");
        const bool there = co_await flush();
        x_we_left = there;
        // What the client has not yet taken out of its receive buffer should be there before the RST.
        if (there && x_how.has(fault::cut)) co_await x_to.sleep_until(steady_clock::now() + milliseconds(5));
        if (x_how.has(fault::cut)) {
            x_to.reset();
        } else {
            x_to.close();
        }
    }

    awaitable<void> finish() {
        if (!x_how.has(fault::garbage_only)) {
            x_voice->closing(x_out, x_queued);
            if (!x_how.has(fault::no_done)) x_voice->done(x_out, x_queued);
            if (x_how.has(fault::double_done)) x_voice->done(x_out, x_queued);
        }
        x_out.end(x_how.has(fault::big_trailer) ? "X-Trailer: " + std::string(big_trailer_size, 't') + "\r\n"
                                                : "");
        co_await flush();
    }

    awaitable<bool> flush() {
        const bool there = co_await x_to.send(x_out.bytes(), x_pace);
        x_out.bytes().clear();
        if (there) {
            x_sent = x_queued;
            x_book.progress(x_which, x_sent);
        }
        co_return there;
    }

    connection& x_to;
    const exchange& x_what;
    const script& x_how;
    journal& x_book;
    record_key x_which;
    std::unique_ptr<dialect> x_voice;
    body_writer x_out;
    bool x_keep_alive;
    steady_clock::time_point x_begin;
    pace x_pace;
    std::size_t x_queued = 0;
    std::size_t x_sent = 0;
    bool x_we_left = false;
};

}  // namespace

awaitable<outcome> perform_stream(connection& to, const exchange& what, journal& book, record_key which,
                                  bool keep_alive) {
    performance play(to, what, book, which, keep_alive);
    co_return co_await play.run();
}

}  // namespace airi::standin
