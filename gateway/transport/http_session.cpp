#include "gateway/transport/http_session.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "gateway/transport/body_reader.hpp"
#include "gateway/transport/http_request.hpp"
#include "gateway/transport/http_response.hpp"
#include "gateway/transport/input_buffer.hpp"
#include "gateway/transport/refusals.hpp"
#include "gateway/transport/scatter_write.hpp"
#include "gateway/transport/websocket_session.hpp"
#include "platform/base/ip_address.hpp"
#include "platform/base/log.hpp"

namespace airi::gateway {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr auto no_deadline = steady::time_point::max();
constexpr std::size_t lingering_bytes = 1024 * 1024;  // read and discarded after a rejection
constexpr milliseconds lingering_time{2'000};
constexpr std::size_t retained_output = 64 * 1024;

using namespace refusals;

class http_session final : connection {
public:
    http_session(std::shared_ptr<session_host> host, tcp::socket socket, connection_limits::permit place)
        : connection(std::move(host), std::move(place)),
          socket_(std::move(socket)),
          in_(limits().header_bytes + 8 * 1024) {}

    awaitable<> run();

private:
    enum class next { again, end };
    using parts = two_buffers;

    void tick(steady::time_point now) override {
        if (now <= deadline_) return;
        if (reading_) send_timeout();
        abort();
    }
    void leave() override {
        if (idle_) deadline_ = std::min(deadline_, host_->leaving->first);
    }
    void finish(unsigned short) override {
        if (idle_) abort();
    }
    void abort() override {
        error_code ignored;
        socket_.close(ignored);
    }

    const session_limits& limits() const { return host_->options.limits; }
    void set_deadline(milliseconds time) { deadline_ = steady::now() + time; }
    void rest(milliseconds most) {
        idle_ = true;
        set_deadline(most);
        if (host_->leaving) leave();
    }

    awaitable<std::size_t> read_head_bytes();
    awaitable<body_end> receive_body(request_head& head, std::size_t limit);
    awaitable<next> serve_one(std::size_t head_bytes);
    awaitable<next> upgrade(request_head& head);
    awaitable<next> reply(answer what);
    awaitable<next> stream(streamed what);
    awaitable<bool> write_pieces(text_stream& body);
    awaitable<> watch_client();
    awaitable<next> refuse(refusal why);
    awaitable<bool> write(std::string_view body);
    awaitable<bool> write_rest(parts left);
    void send_timeout();
    awaitable<> linger();
    head_facts facts() const;
    response refused(const refusal& why) const;
    answer fault_answer(const char* what);

    tcp::socket socket_;
    input_buffer in_;
    std::string out_;
    std::string address_, own_address_;
    std::string id_, origin_;  // of the current request
    steady::time_point deadline_ = no_deadline;
    bool idle_ = true;      // between two requests, with no byte of the next one
    bool reading_ = false;  // a request has begun and is incomplete; nothing is being written then
    bool keep_alive_ = true;
    bool http_1_0_ = false;
    bool is_head_ = false;
    bool unread_body_ = false;
    bool client_left_ = false;  // while a stream was written
};

awaitable<> http_session::run() {
    error_code ec;
    socket_.non_blocking(true, ec);
    address_ = plain_address(socket_.remote_endpoint(ec).address()).to_string();
    if (ec) co_return;
    own_address_ = host_text(plain_address(socket_.local_endpoint(ec).address()));
    rest(limits().header_time);
    for (;;) {
        const auto head_bytes = co_await read_head_bytes();
        if (head_bytes == 0) co_return;
        if (head_bytes > limits().header_bytes) {
            id_.clear();
            origin_ = field_in(in_.view(), "origin");
            is_head_ = false;
            co_await refuse(header_too_large);
            co_return;
        }
        if (co_await serve_one(head_bytes) == next::end) co_return;
        if (out_.capacity() > retained_output) out_ = {};
        rest(limits().idle_time);
    }
}

// The length of the next header with its empty line; 0 when the connection is over; more than the limit when
// the header is. Bytes that can never become a header are returned at once, for the reader to reject.
awaitable<std::size_t> http_session::read_head_bytes() {
    std::size_t scanned = 0;
    for (;;) {
        while (scanned == 0 && in_.view().starts_with("\r\n")) in_.consume(2);  // RFC 9112 2.2
        const auto seen = in_.view();
        if (!seen.empty() && idle_) {
            idle_ = false;
            reading_ = true;
            id_.clear();
            set_deadline(limits().header_time);
        }
        if (const auto end = seen.find("\r\n\r\n", scanned); end != seen.npos) co_return end + 4;
        if (has_bad_line(seen)) co_return std::min(seen.size(), limits().header_bytes);
        if (seen.size() > limits().header_bytes) co_return seen.size();
        scanned = seen.size() < 3 ? 0 : seen.size() - 3;
        const auto room = in_.room();
        const auto [ec, count] = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), quietly);
        if (ec) co_return 0;
        in_.add(count);
    }
}

awaitable<http_session::next> http_session::serve_one(std::size_t head_bytes) {
    request_head head;
    reading_ = false;
    const bool from_proxy = is_proxy(address_, host_->proxies);
    const auto raw = in_.view().substr(0, head_bytes);
    const auto rejected =
        read_head(raw, {host_->options.hosts, !from_proxy && is_loopback_host(address_), own_address_}, head);
    origin_ = rejected ? field_in(raw, "origin") : head.request.header("origin");
    in_.consume(head_bytes);
    id_ = head.request.id;
    http_1_0_ = head.http_1_0;
    is_head_ = head.is_head;
    keep_alive_ = head.keep_alive && !host_->leaving;
    deadline_ = no_deadline;
    if (rejected) co_return co_await refuse(*rejected);
    head.request.from_proxy = from_proxy;
    head.request.address = head.request.from_proxy ? client_behind(address_, head.request) : address_;
    if (head.websocket) co_return co_await upgrade(head);

    if (head.chunked || head.content_length > 0) {
        const auto limit = host_->app.body_limit(head.request.method, head.request.path);
        if (limit == 0) {
            unread_body_ = true;  // the application answers 404 or 405; the body is never read
            keep_alive_ = false;
        } else if (const auto end = co_await receive_body(head, limit); end != body_end::whole) {
            if (end == body_end::gone) co_return next::end;
            co_return co_await refuse(end == body_end::too_large ? body_too_large : wrong_chunks);
        }
    }
    deadline_ = no_deadline;
    answer what;
    try {
        what = co_await host_->app.handle(std::move(head.request));
    } catch (const std::exception& e) {
        what = fault_answer(e.what());
    } catch (...) {
        what = fault_answer("not a std::exception");
    }
    co_return co_await reply(std::move(what));
}

awaitable<body_end> http_session::receive_body(request_head& head, std::size_t limit) {
    if (head.content_length > limit) co_return body_end::too_large;
    if (head.expects_continue && in_.empty()) {
        out_ = "HTTP/1.1 100 Continue\r\n\r\n";
        if (!co_await write({})) co_return body_end::gone;
    }
    reading_ = true;
    const auto end = co_await read_body({socket_, in_, limits(), deadline_}, head, limit);
    reading_ = false;
    co_return end;
}

awaitable<http_session::next> http_session::upgrade(request_head& head) {
    const std::string key(head.request.header("sec-websocket-key"));
    if (head.request.header("sec-websocket-version") != "13") {
        auto answer = refused(wrong_version);
        answer.headers.emplace_back("Sec-WebSocket-Version", "13");
        co_return co_await reply(std::move(answer));
    }
    // 16 bytes in base64 (RFC 6455 4.1); and the client must wait for the answer before it sends a frame.
    if (key.size() != 24 || !key.ends_with("==") || head.content_length > 0 || head.chunked || !in_.empty())
        co_return co_await refuse(wrong_handshake);
    std::variant<response, upgraded> decided;
    try {
        decided = co_await host_->app.upgrade(std::move(head.request));
    } catch (const std::exception& e) {
        decided = std::get<response>(fault_answer(e.what()));
    } catch (...) {
        decided = std::get<response>(fault_answer("not a std::exception"));
    }
    if (auto* answer = std::get_if<response>(&decided)) co_return co_await reply(std::move(*answer));
    auto& accepted = std::get<upgraded>(decided);
    add(host_->counters.requests[1]);
    serve_socket(host_, std::move(socket_), std::move(permit_),
        {.key = key,
            .subprotocol = std::move(accepted.subprotocol),
            .request_id = id_,
            .ping_every = accepted.ping_every},
        std::move(accepted.handler));
    co_return next::end;
}

awaitable<http_session::next> http_session::reply(answer what) {
    if (host_->leaving) keep_alive_ = false;
    if (auto* s = std::get_if<streamed>(&what)) co_return co_await stream(std::move(*s));
    const auto& whole = std::get<response>(what);
    add(host_->counters.requests[std::min(5u, whole.status / 100)]);
    auto head = facts();
    head.length = whole.body.size();
    out_.clear();
    append_head(out_, whole, head);
    const bool has_no_body = is_head_ || !may_have_body(whole.status);
    if (!co_await write(has_no_body ? std::string_view() : std::string_view(whole.body))) co_return next::end;
    if (unread_body_) co_await linger();
    co_return keep_alive_ ? next::again : next::end;
}

awaitable<http_session::next> http_session::stream(streamed what) {
    using namespace asio::experimental::awaitable_operators;
    add(host_->counters.requests[std::min(5u, what.head.status / 100)]);
    add_stream_headers(what.head);
    if (http_1_0_) keep_alive_ = false;  // no chunks in HTTP/1.0: the end of the connection is the end of the body
    auto head = facts();
    head.chunked = !http_1_0_;
    out_.clear();
    append_head(out_, what.head, head);
    if (!co_await write({})) co_return next::end;
    if (is_head_) co_return keep_alive_ ? next::again : next::end;
    if (!what.body) co_return next::end;
    client_left_ = false;
    const auto first = co_await (write_pieces(*what.body) || watch_client());
    const bool whole = first.index() == 0 && std::get<0>(first);
    co_return whole&& keep_alive_ && !unread_body_ ? next::again : next::end;
}

// True when the body has ended and was written to its end.
awaitable<bool> http_session::write_pieces(text_stream& body) {
    try {
        for (;;) {
            const auto piece = co_await body.next();
            out_.clear();
            if (http_1_0_)
                out_ += piece;
            else
                append_chunk(out_, piece);
            if (!co_await write({})) co_return false;
            if (piece.empty()) co_return true;
        }
    } catch (const std::exception& e) {
        if (!client_left_) fault_answer(e.what());
    } catch (...) {
        fault_answer("not a std::exception");
    }
    co_return false;
}

// Ends when the client has disconnected, or sends more than a pipelined request or two.
awaitable<> http_session::watch_client() {
    for (;;) {
        const auto room = in_.room();
        if (room.empty()) break;
        const auto [ec, count] = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), quietly);
        if (ec) break;
        in_.add(count);
    }
    client_left_ = true;
}

awaitable<http_session::next> http_session::refuse(refusal why) {
    if (id_.empty()) id_ = "-";
    keep_alive_ = false;
    unread_body_ = true;
    co_return co_await reply(refused(why));
}

// Writes out_ and `body`. The socket mostly takes an answer at once, and then the coroutine does not suspend.
awaitable<bool> http_session::write(std::string_view body) {
    if (body.size() <= 4096) {
        out_ += body;
        body = {};
    }
    parts left{asio::buffer(out_), asio::buffer(body.data(), body.size())};
    error_code ec;
    if (write_some(socket_, left, ec)) co_return true;
    if (ec != asio::error::would_block) co_return false;
    co_return co_await write_rest(left);
}

awaitable<bool> http_session::write_rest(parts left) {
    for (;;) {
        set_deadline(limits().write_stall);
        const auto [failed] = co_await socket_.async_wait(tcp::socket::wait_write, quietly);
        if (failed) co_return false;
        error_code ec;
        const bool done = write_some(socket_, left, ec);
        if (done || (ec && ec != asio::error::would_block)) {
            deadline_ = no_deadline;
            co_return done;
        }
    }
}

// Closing with unread input resets the connection, and the reset can overtake the answer: so the rest is read first.
awaitable<> http_session::linger() {
    error_code ec;
    socket_.shutdown(tcp::socket::shutdown_send, ec);
    set_deadline(lingering_time);
    in_.consume(in_.view().size());
    for (std::size_t seen = 0; seen < lingering_bytes;) {
        const auto room = in_.room();
        const auto [failed, count] = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), quietly);
        if (failed) co_return;
        seen += count;
    }
}

// The connection ends at once, so the answer is sent only as far as the socket takes it without waiting.
void http_session::send_timeout() {
    if (id_.empty()) origin_ = field_in(in_.view(), "origin");
    if (id_.empty()) id_ = "-";
    keep_alive_ = false;
    const auto timeout = refused(too_slow);
    auto head = facts();
    head.length = timeout.body.size();
    std::string text;
    append_head(text, timeout, head);
    text += timeout.body;
    error_code ignored;
    socket_.write_some(asio::buffer(text), ignored);
}

head_facts http_session::facts() const {
    head_facts out;
    out.request_id = id_;
    out.date = host_->date;
    out.http_1_0 = http_1_0_;
    out.keep_alive = keep_alive_;
    out.security = host_->app.headers();
    return out;
}

// A page of an allowed origin can read why it was refused.
response http_session::refused(const refusal& why) const {
    auto out = error_answer(why, id_);
    host_->app.add_cors(origin_, out.headers);
    return out;
}

answer http_session::fault_answer(const char* what) {
    add(host_->counters.faults);
    log::error("gateway.fault", {{"request_id", id_}, {"what", what}});
    return refused(fault);
}

awaitable<> serve(std::unique_ptr<http_session> session) {
    try {
        co_await session->run();
    } catch (const std::exception& e) {
        log::error("gateway.fault", {{"what", e.what()}});
    }
}

}  // namespace

void serve_http(std::shared_ptr<session_host> host, tcp::socket socket, connection_limits::permit place) {
    const auto executor = socket.get_executor();
    asio::co_spawn(executor,
        serve(std::make_unique<http_session>(std::move(host), std::move(socket), std::move(place))), asio::detached);
}

}  // namespace airi::gateway
