#include "gateway/transport/websocket_session.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket.hpp>
#include <memory>
#include <optional>
#include <random>

#include "gateway/transport/frame_writer.hpp"
#include "platform/base/log.hpp"
#include "platform/base/utf8.hpp"

namespace airi::gateway {
namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr auto never = steady::time_point::max();
constexpr std::size_t resting_read = 512;  // an idle socket holds a buffer of this size
constexpr std::size_t further_read = 4096;
constexpr int kernel_bytes = 128 * 1024;  // the kernel's send buffer of one socket; by default it grows to MiBs

// The teardown waits for the client's end of stream. The flag lets the tick limit that wait.
struct closing_socket : frame_writer {
    using frame_writer::frame_writer;
    bool teardown_begun = false;
};

// Reads and discards the rest of the client's bytes, up to its end of stream.
template <class Handler>
struct rest_reader {
    closing_socket& socket;
    Handler handler;
    std::unique_ptr<std::array<char, further_read>> buffer = std::make_unique<std::array<char, further_read>>();

    void operator()(error_code ec = {}, std::size_t = 0) {
        if (!ec) {
            const auto into = asio::buffer(*buffer);
            return socket.async_read_some(into, std::move(*this));
        }
        error_code ignored;
        socket.close(ignored);
        handler(ec == asio::error::eof ? error_code{} : ec);
    }
};

// Beast's own teardown (1.81) closes the socket after its first read. The unread rest causes a reset, which overtakes
// the close frame.
template <class Handler>
void async_teardown(boost::beast::role_type, closing_socket& socket, Handler&& handler) {
    socket.teardown_begun = true;
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    rest_reader<std::decay_t<Handler>>{socket, std::forward<Handler>(handler)}();
}

class websocket_session final : public connection,
                                public websocket_sender,
                                frame_writer_owner,
                                deferred_writer,
                                public std::enable_shared_from_this<websocket_session> {
public:
    websocket_session(std::shared_ptr<session_host> host, tcp::socket socket, connection_limits::permit place,
        std::shared_ptr<websocket_handler> handler, std::string request_id)
        : connection(std::move(host), std::move(place)),
          ws_(std::move(socket), static_cast<frame_writer_owner&>(*this)),
          handler_(std::move(handler)),
          request_id_(std::move(request_id)) {
        add(host_->counters.sockets_open);
    }
    ~websocket_session() override {
        unqueue(queued_);
        subtract(host_->counters.sockets_open);
    }

    awaitable<bool> accept(handshake values);
    awaitable<> read_messages();
    void detach_handler();

    void send(std::shared_ptr<const std::string> frame) override;
    void close(std::uint16_t code, std::string reason) override;
    std::size_t queued_bytes() const override { return queued_; }

    void tick(steady::time_point now) override;
    void leave() override;
    void finish(unsigned short code) override;
    void abort() override;

private:
    enum class state { opening, open, closing, gone };

    const session_limits& limits() const { return host_->options.limits; }
    awaitable<> handle_message(std::string text);
    void guarded(void (*call)(websocket_session&));
    void fault(const char* what);
    std::shared_ptr<void> hold() override { return shared_from_this(); }
    void wrote(std::size_t frames, std::size_t text) override;
    void unwritable() override;
    void write_deferred() override;
    void on_control_frame(websocket::frame_type kind);
    void unqueue(std::size_t bytes);
    void close_slow();
    void start_close();
    void check_write(steady::time_point now);
    void check_peer(steady::time_point now);
    int unsent_bytes();

    websocket::stream<closing_socket, false> ws_;
    std::shared_ptr<websocket_handler> handler_;
    std::string request_id_;
    milliseconds ping_every_{0};
    std::size_t queued_ = 0;
    bool write_deferred_ = false;            // a write at the end of this turn is scheduled
    steady::time_point deadline_ = never;    // of a handshake
    steady::time_point progressed_ = never;  // when the current write last made progress
    steady::time_point next_ping_ = never;
    steady::time_point ping_sent_ = never;  // unanswered since
    int unsent_ = 0;
    state state_ = state::opening;
    std::uint16_t code_ = 0;
    bool code_sent_ = false;
    std::uint16_t finish_code_ = 0;  // requested before the socket was open
    bool handling_ = false;
    std::string reason_;
};

// Beast gets only the fields that it computes the handshake from; the whole request was read before.
awaitable<bool> websocket_session::accept(handshake values) {
    http::request<http::empty_body> asked{http::verb::get, "/", 11};
    asked.set(http::field::host, "-");
    asked.set(http::field::connection, "Upgrade");
    asked.set(http::field::upgrade, "websocket");
    asked.set(http::field::sec_websocket_version, "13");
    asked.set(http::field::sec_websocket_key, values.key);

    ping_every_ = values.ping_every.count() > 0 ? values.ping_every : limits().ping_every;
    ws_.read_message_max(limits().message_bytes);
    ws_.auto_fragment(false);  // with no write buffer of its own
    ws_.text(true);
    ws_.set_option(websocket::stream_base::decorator([&values](websocket::response_type& answer) {
        answer.set(http::field::server, "airi");
        answer.set("X-Request-Id", values.request_id);
        if (!values.subprotocol.empty()) answer.set(http::field::sec_websocket_protocol, values.subprotocol);
    }));
    ws_.control_callback([this](websocket::frame_type kind, boost::beast::string_view) { on_control_frame(kind); });
    error_code ignored;
    ws_.next_layer().set_option(tcp::socket::send_buffer_size(kernel_bytes), ignored);
    deadline_ = steady::now() + limits().handshake_time;
    const auto [ec] = co_await ws_.async_accept(asked, quietly);
    ws_.set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));
    if (ec || state_ != state::opening) co_return false;
    state_ = state::open;
    deadline_ = never;
    co_return true;
}

awaitable<> websocket_session::read_messages() {
    // A random first ping, so that sockets opened together are not pinged together.
    thread_local std::minstd_rand dice{std::random_device{}()};
    const auto every = ping_every_;
    next_ping_ = steady::now() + every / 2 + milliseconds(dice() % static_cast<unsigned>(every.count() / 2 + 1));
    guarded([](websocket_session& self) { self.handler_->opened(self); });
    if (host_->leaving) leave();
    if (finish_code_ != 0) finish(finish_code_);

    std::string text;
    while (state_ == state::open) {
        const auto had = text.size();
        text.resize(had + (had == 0 ? resting_read : further_read));
        const auto [ec, count] =
            co_await ws_.async_read_some(asio::buffer(text.data() + had, text.size() - had), quietly);
        if (ec) co_return abort();  // Beast has answered a close frame or closed with 1002, 1007 or 1009 by now
        text.resize(had + count);
        if (state_ != state::open) break;  // closed from elsewhere meanwhile
        if (ws_.got_binary()) {
            close(1003, "text only");
        } else if (ws_.is_message_done()) {
            add(host_->counters.frames_in);
            co_await handle_message(std::exchange(text, {}));
        }
    }
}

// The handler's last call. A closing handshake may still be running.
void websocket_session::detach_handler() {
    guarded([](websocket_session& self) { self.handler_->closed(); });
    handler_.reset();
}

awaitable<> websocket_session::handle_message(std::string text) {
    handling_ = true;
    try {
        co_await handler_->received(std::move(text));
    } catch (const std::exception& e) {
        fault(e.what());
    } catch (...) {
        fault("not a std::exception");
    }
    handling_ = false;
    // The pong may have arrived meanwhile, but it has not been read.
    if (ping_sent_ != never) ping_sent_ = steady::now();
}

void websocket_session::guarded(void (*call)(websocket_session&)) {
    try {
        call(*this);
    } catch (const std::exception& e) {
        fault(e.what());
    } catch (...) {
        fault("not a std::exception");
    }
}

void websocket_session::fault(const char* what) {
    add(host_->counters.faults);
    log::error("gateway.fault", {{"request_id", request_id_}, {"what", what}});
    close(1011, "fault");
}

void websocket_session::on_control_frame(websocket::frame_type kind) {
    if (kind == websocket::frame_type::pong) ping_sent_ = never;
    if (kind != websocket::frame_type::close) return;
    // Beast answers it; after that answer nothing may follow (RFC 6455 5.5.1).
    if (state_ == state::open) state_ = state::closing;
    if (deadline_ == never) deadline_ = steady::now() + limits().handshake_time;
}

void websocket_session::send(std::shared_ptr<const std::string> frame) {
    if (state_ != state::open) return;
    queued_ += frame->size();
    add(host_->counters.queued_bytes, frame->size());
    if (host_->is_slow(queued_)) return close_slow();
    if (ws_.next_layer().idle()) {
        progressed_ = steady::now();
        unsent_ = -1;
    }
    ws_.next_layer().push(std::move(frame));
    if (!std::exchange(write_deferred_, true))
        host_->defer_write(ws_.get_executor(), {shared_from_this(), static_cast<deferred_writer*>(this)});
}

void websocket_session::write_deferred() {
    write_deferred_ = false;
    ws_.next_layer().flush();
}

void websocket_session::wrote(std::size_t frames, std::size_t text) {
    progressed_ = steady::now();
    unqueue(std::min(queued_, text));
    add(host_->counters.frames_out, frames);
    if (state_ == state::closing && code_ != 0 && !code_sent_ && ws_.next_layer().idle()) start_close();
}

void websocket_session::unqueue(std::size_t bytes) {
    queued_ -= bytes;
    subtract(host_->counters.queued_bytes, bytes);
}

// The descriptor has failed, which the reader sees too, or has been closed here.
void websocket_session::unwritable() {
    unqueue(queued_);
    if (state_ == state::open) state_ = state::closing;
    if (deadline_ == never) deadline_ = steady::now() + limits().handshake_time;
}

// Queued frames are dropped on purpose: the client resumes from its last frame.
void websocket_session::close_slow() {
    add(host_->counters.slow_closes);
    log::info("gateway.slow_socket", {{"request_id", request_id_}, {"queued", queued_}});
    add(host_->counters.frames_dropped, ws_.next_layer().drop_frames());
    unqueue(queued_);
    close(3008, "slow");
}

void websocket_session::close(std::uint16_t code, std::string reason) {
    if (state_ != state::open) return;
    state_ = state::closing;
    code_ = code;
    reason_ = std::move(reason);
    while (reason_.size() > 123 || !is_utf8(reason_)) reason_.pop_back();  // RFC 6455 5.5: 125 bytes with the code
    if (ws_.next_layer().idle()) return start_close();
    deadline_ = steady::now() + limits().write_stall;
}

void websocket_session::start_close() {
    code_sent_ = true;
    deadline_ = steady::now() + limits().handshake_time;
    ws_.async_close(websocket::close_reason(websocket::close_code(code_), reason_),
        [self = shared_from_this()](const error_code&) { self->abort(); });
}

void websocket_session::leave() {
    if (state_ != state::opening && handler_) handler_->leaving(host_->leave_after());
}

void websocket_session::finish(unsigned short code) {
    if (state_ == state::opening)
        finish_code_ = code;
    else
        close(code, code == 1012 ? "restart" : "shutdown");
}

void websocket_session::abort() {
    state_ = state::gone;
    ws_.next_layer().shut();
}

void websocket_session::tick(steady::time_point now) {
    if (state_ == state::gone) return;
    if (ws_.next_layer().teardown_begun && deadline_ == never) deadline_ = now + limits().handshake_time;
    if (now > deadline_) return abort();
    if (!ws_.next_layer().idle())
        check_write(now);
    else if (state_ == state::open && !handling_)
        check_peer(now);
}

// Anything the client sends resets Beast's own idle timeout, so a client that never reads but keeps sending would hold
// a write for ever. A slow client that still reads is left alone: the kernel's queue moves.
void websocket_session::check_write(steady::time_point now) {
    if (const auto unsent = unsent_bytes(); unsent != unsent_ || progressed_ == never) {
        unsent_ = unsent;
        progressed_ = now;
    } else if (now > progressed_ + limits().write_stall) {
        if (state_ == state::open) add(host_->counters.slow_closes);
        abort();
    }
}

int websocket_session::unsent_bytes() {
    int count = 0;
    return ::ioctl(ws_.next_layer().native_handle(), SIOCOUTQ, &count) == 0 ? count : 0;
}

// Any conforming client answers pings. Data alone does not count, or a client that never reads would stay for ever.
void websocket_session::check_peer(steady::time_point now) {
    if (ping_sent_ != never && now > ping_sent_ + limits().pong_time) {
        add(host_->counters.dead_peers);
        return abort();
    }
    if (now < next_ping_) return;
    next_ping_ = now + ping_every_;
    if (ping_sent_ != never) return;
    ping_sent_ = now;
    ws_.async_ping(websocket::ping_data{}, [self = shared_from_this()](const error_code& ec) {
        if (ec) self->abort();
    });
}

awaitable<> serve(std::shared_ptr<websocket_session> session, handshake values) {
    try {
        if (!co_await session->accept(std::move(values))) co_return session->abort();
        co_await session->read_messages();
        session->detach_handler();
    } catch (const std::exception& e) {
        log::error("gateway.fault", {{"what", e.what()}});
    }
}

}  // namespace

void serve_socket(std::shared_ptr<session_host> host, tcp::socket socket, connection_limits::permit place,
    handshake values, std::shared_ptr<websocket_handler> handler) {
    auto executor = socket.get_executor();
    auto session = std::make_shared<websocket_session>(
        std::move(host), std::move(socket), std::move(place), std::move(handler), values.request_id);
    asio::co_spawn(executor, serve(std::move(session), std::move(values)), asio::detached);
}

}  // namespace airi::gateway
