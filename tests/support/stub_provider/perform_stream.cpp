#include "tests/support/stub_provider/perform.hpp"
#include "tests/support/stub_provider/response_head.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace airi::stub_provider {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t write_size = 64 * 1024;
constexpr std::size_t big_line_size = 10 * 1024 * 1024;
constexpr std::size_t big_trailer_size = 70'000;
constexpr std::size_t depth = 100'000;

std::string deep_json() { return R"({"choices":)" + std::string(depth, '[') + std::string(depth, ']') + "}"; }

milliseconds pause_of(const script& plan, std::int64_t own) {
    return milliseconds(plan.every_ms >= 0 ? plan.every_ms : own);
}

class performance {
public:
    performance(connection& target, const exchange& what, journal& records, record_key which, bool keep_alive)
        : to_(target),
          what_(what),
          how_(what.plan),
          book_(records),
          which_(which),
          voice_(dialect_for(what)),
          out_(what.plan),
          keep_alive_(keep_alive),
          begin_(steady_clock::now()) {
        if (how_.has(fault::split)) pace_ = {.step = 1, .pause = pause_of(how_, 0)};
    }

    awaitable<outcome> run() {
        const bool watched = takes_time();
        if (watched) to_.watch();
        co_await play();
        if (watched && to_.alive()) to_.unwatch();
        co_return outcome{
            .tokens_sent = sent_, .client_gone = !to_.alive() && !we_left_, .keep_alive = keep_alive_ && !we_left_};
    }

private:
    // A plain reply sent in one write needs no watch for the client.
    bool takes_time() const { return how_.rate > 0 || how_.first_ms > 0 || how_.faults != 0; }

    awaitable<void> play() {
        if (how_.has(fault::no_headers)) {
            co_await to_.until_gone();
            co_return;
        }
        co_await head();
        if (!how_.has(fault::garbage_only)) voice_->opening(out_);
        const std::size_t count = what_.says.count();
        const std::size_t at = std::min(how_.at, count);
        for (std::size_t i = 0;; ++i) {
            if (i == at && how_.faults != 0 && !co_await break_something()) co_return;
            if (i == count) break;
            if (!co_await until_due(i)) co_return;
            say(i);
            if (out_.bytes().size() > write_size && !co_await flush()) co_return;
        }
        co_await finish();
    }

    awaitable<void> head() {
        out_.raw(spelled({.content_type = voice_->content_type(true),
                             .keep_alive = keep_alive_,
                             .stream = true,
                             .request_id = what_.request_id},
            what_.vendor, how_));
        if (!how_.has(fault::slow_headers)) co_return;
        const pace usual = std::exchange(pace_, pace{.step = 1, .pause = pause_of(how_, 50)});
        co_await flush();
        pace_ = usual;
    }

    // Late tokens are sent together, so that the rate holds under load.
    awaitable<bool> until_due(std::size_t index) {
        if (how_.rate <= 0 && how_.first_ms == 0) co_return true;
        const double after = how_.rate > 0 ? static_cast<double>(index) / how_.rate : 0;
        const auto due = begin_ + milliseconds(how_.first_ms) +
                         std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(after));
        if (due <= steady_clock::now()) co_return true;
        if (!co_await flush()) co_return false;
        co_return co_await to_.sleep_until(due);
    }

    void say(std::size_t index) {
        if (how_.has(fault::garbage_only)) {
            voice_->event(out_, "<<< this is not JSON >>>");
            return;
        }
        if (how_.has(fault::unknown_events)) voice_->unknown(out_);
        voice_->token(out_, what_.says.token(index));
        ++queued_;
    }

    // Returns false when the stream is finished.
    awaitable<bool> break_something() {
        if (how_.has(fault::garbage)) voice_->event(out_, R"({"id":"chatcmpl-broken","choices":[{"delta":{"con)");
        if (how_.has(fault::deep)) voice_->event(out_, deep_json());
        if (how_.has(fault::big_line)) voice_->token(out_, std::string(big_line_size, 'x'));
        if (how_.has(fault::error)) {
            voice_->error(out_);
            out_.end();
            co_await flush();
            co_return false;
        }
        if (how_.has(fault::close)) {
            out_.end();
            co_await flush();
            co_return false;
        }
        if (how_.has(fault::stall)) {
            if (co_await flush()) co_await to_.until_gone();
            co_return false;
        }
        if (how_.has(fault::silent_pings)) {
            while (co_await flush() && co_await to_.sleep_until(steady_clock::now() + pause_of(how_, 200))) {
                voice_->ping(out_);
            }
            co_return false;
        }
        if (how_.has(fault::cut) || how_.has(fault::bad_chunk)) {
            co_await leave_in_the_middle();
            co_return false;
        }
        if (how_.has(fault::drip)) {
            if (!co_await flush()) co_return false;
            pace_ = {.step = 1, .pause = pause_of(how_, 200)};
        }
        co_return true;
    }

    awaitable<void> leave_in_the_middle() {
        out_.raw(how_.has(fault::cut) ? "400\r\ndata: {\"id\":\"chatcmpl-cut\",\"choi" : "zz\r\ndata: {}\n\n\r\n");
        const bool there = co_await flush();
        we_left_ = there;
        // Bytes that the client has not yet read should arrive before the RST.
        if (there && how_.has(fault::cut)) co_await to_.sleep_until(steady_clock::now() + milliseconds(5));
        if (how_.has(fault::cut)) {
            to_.reset();
        } else {
            to_.close();
        }
    }

    awaitable<void> finish() {
        if (!how_.has(fault::garbage_only)) {
            voice_->closing(out_, queued_);
            if (!how_.has(fault::no_done)) voice_->done(out_, queued_);
            if (how_.has(fault::double_done)) voice_->done(out_, queued_);
        }
        out_.end(how_.has(fault::big_trailer) ? "X-Trailer: " + std::string(big_trailer_size, 't') + "\r\n" : "");
        co_await flush();
    }

    awaitable<bool> flush() {
        const bool there = co_await to_.send(out_.bytes(), pace_);
        out_.bytes().clear();
        if (there) {
            sent_ = queued_;
            book_.progress(which_, sent_);
        }
        co_return there;
    }

    connection& to_;
    const exchange& what_;
    const script& how_;
    journal& book_;
    record_key which_;
    std::unique_ptr<dialect> voice_;
    body_writer out_;
    bool keep_alive_;
    steady_clock::time_point begin_;
    pace pace_;
    std::size_t queued_ = 0;
    std::size_t sent_ = 0;
    bool we_left_ = false;
};

}  // namespace

awaitable<outcome> perform_stream(
    connection& target, const exchange& what, journal& records, record_key which, bool keep_alive) {
    performance play(target, what, records, which, keep_alive);
    co_return co_await play.run();
}

}  // namespace airi::stub_provider
