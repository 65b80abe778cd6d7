#include "workers/providers/games/rcon.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <functional>
#include <tuple>
#include <utility>

#include "platform/base/utf8.hpp"
#include "workers/providers/games/rcon_packet.hpp"

namespace airi::workers::providers::games::rcon {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using moment = std::chrono::steady_clock::time_point;
using std::chrono::steady_clock;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr std::int32_t last_id = 0x7FFF'FF00;

// A packet of Minecraft has 4,096 UTF-16 units at most, each of up to three bytes in UTF-8. A text that is read as a
// length, because its header is missing, is far above either.
constexpr std::size_t most_length_of(dialect d, const limits& bounds) {
    return fixed_bytes + (d == dialect::minecraft ? std::size_t{3 * 4096} : bounds.answer_bytes);
}

}  // namespace

struct waiter {
    asio::steady_timer timer;
    bool granted = false;
};

// A connection and those who wait for it. Shared by the client and by each coroutine that works on it, so that
// destroying the client in the middle of a command is safe.
struct link : std::enable_shared_from_this<link> {
    using addresses = tcp::resolver::results_type;
    struct resolving {
        tcp::resolver resolver;
        std::function<void(std::pair<error_code, addresses>)> resume;
    };

    link(executor on, server_address to, dialect d, limits b)
        : server(std::move(to)),
          spoken(d),
          bounds(b),
          socket(on),
          deadline(on),
          backoff(on),
          reader(most_length_of(d, b)) {}

    const server_address server;
    const dialect spoken;
    const limits bounds;

    tcp::socket socket;
    asio::steady_timer deadline;  ///< of the operation in progress
    asio::steady_timer backoff;
    std::weak_ptr<resolving> look_up;
    packet_reader reader;
    std::string out;
    std::int32_t id = 0;
    unsigned logins = 0;

    bool ready = false;    ///< connected and logged in
    bool expired = false;  ///< by its deadline
    bool aborted = false;
    bool gone = false;  ///< the client was destroyed
    unsigned armed = 0;
    int failures = 0;
    moment not_before{};
    error_code last_failure;

    bool busy = false;
    std::deque<std::shared_ptr<waiter>> waiting;

    // Never 0, by which Factorio is asked for its log.
    std::int32_t next_id() { return id = id >= last_id ? 1 : id + 1; }

    void close() {
        ready = false;
        disarm();
        error_code ignored;
        socket.close(ignored);
        reader.clear();
        if (const auto held = look_up.lock())
            if (const auto resume = std::exchange(held->resume, {})) resume({asio::error::operation_aborted, {}});
    }
    void arm(moment by) {
        expired = false;
        deadline.expires_at(by);
        deadline.async_wait([weak = weak_from_this(), mine = ++armed](error_code ec) {
            const auto me = weak.lock();
            if (ec || !me || me->armed != mine) return;
            me->expired = true;
            me->close();
        });
    }
    void disarm() {
        ++armed;
        deadline.cancel();
    }
    void abort() {
        if (!busy) return;
        aborted = true;
        backoff.cancel();
        close();
    }
    void pass_on() {
        if (waiting.empty()) return void(busy = false);
        const auto next = std::move(waiting.front());
        waiting.pop_front();
        next->granted = true;
        next->timer.cancel();
    }
    // False for an end of stream and for bytes that nobody asked for.
    bool is_quiet() {
        char byte;
        const auto got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && reader.empty();
    }
    void count_failure(error_code why) {
        const auto doubled = bounds.first_backoff * (1 << std::min(failures++, 10));
        not_before = steady_clock::now() + std::min(doubled, bounds.longest_backoff);
        last_failure = why;
    }
};

namespace {

using shared = std::shared_ptr<link>;

// One command at a time, in order.
class turn {
public:
    explicit turn(shared l) : link_(std::move(l)) {
        if (!std::exchange(link_->busy, true)) return;
        waiter_ = std::make_shared<waiter>(asio::steady_timer(link_->socket.get_executor(), moment::max()));
        link_->waiting.push_back(waiter_);
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
        if (has())
            link_->pass_on();
        else
            std::erase(link_->waiting, waiter_);
    }
    // False when the coroutine is cancelled.
    awaitable<bool> come() {
        if (!has()) co_await waiter_->timer.async_wait(as_values);
        link_->aborted = link_->gone;
        co_return has();
    }

private:
    bool has() const { return !waiter_ || waiter_->granted; }

    shared link_;
    std::shared_ptr<waiter> waiter_;
};

// Closes the connection unless its work was done: also when the coroutine is cancelled or destroyed in the middle.
class unless_done {
public:
    explicit unless_done(link& l) : link_(l) {}
    unless_done(const unless_done&) = delete;
    unless_done& operator=(const unless_done&) = delete;
    ~unless_done() {
        if (!done_) link_.close();
    }
    void done() {
        link_.disarm();
        done_ = true;
    }

private:
    link& link_;
    bool done_ = false;
};

using found_addresses = std::pair<error_code, link::addresses>;

// getaddrinfo cannot be interrupted: after a close the coroutine goes on at once, and the late answer is ignored. The
// resolver's handler alone holds `held`, so that a context destroyed in the middle frees the waiting coroutine.
awaitable<found_addresses> look_up(link& l, std::string port) {
    auto held = std::make_shared<link::resolving>(link::resolving{tcp::resolver(l.socket.get_executor()), {}});
    l.look_up = held;
    return from_callback<found_addresses>(
        [held = std::move(held), host = l.server.host, port = std::move(port)](auto resume) {
            held->resume = std::move(resume);
            held->resolver.async_resolve(host, port, [held](error_code failed, link::addresses all) {
                if (const auto go_on = std::exchange(held->resume, {})) go_on({failed, std::move(all)});
            });
        });
}

awaitable<found_addresses> resolve(shared l) {
    const auto port = static_cast<asio::ip::port_type>(l->server.port);
    error_code ec;
    const auto literal = asio::ip::make_address(l->server.host, ec);
    if (ec) co_return co_await look_up(*l, std::to_string(port));
    co_return found_addresses{{}, link::addresses::create(tcp::endpoint(literal, port), l->server.host, {})};
}

awaitable<error_code> dial(shared l) {
    auto [ec, found] = co_await resolve(l);
    if (!ec && found.empty()) ec = asio::error::host_not_found;
    if (ec) co_return ec;
    for (const auto& each : found) {
        if (l->expired || l->aborted) break;
        error_code ignored;
        l->socket.close(ignored);
        std::tie(ec) = co_await l->socket.async_connect(each.endpoint(), as_values);
        if (!ec) break;
    }
    if (!ec) l->socket.set_option(tcp::no_delay(true), ec);
    co_return ec;
}

awaitable<error_code> write(shared l, std::int32_t id, std::int32_t type, std::string_view body) {
    l->out.clear();
    append_packet(l->out, id, type, body);
    const auto [ec, written] = co_await asio::async_write(l->socket, asio::buffer(l->out), as_values);
    co_return ec;
}

awaitable<result<packet>> read(shared l) {
    for (;;) {
        const auto next = l->reader.next();
        if (!next) co_return next.error();
        if (*next) co_return **next;
        const auto room = l->reader.room();
        const auto [ec, size] = co_await l->socket.async_read_some(asio::buffer(room.data(), room.size()), as_values);
        if (ec) co_return ec;
        if (!l->socket.is_open()) co_return error_code(asio::error::operation_aborted);
        l->reader.arrived(size);
    }
}

bool is_ours(const error_code& ec) { return &ec.category() == &make_error_code(errc::lost).category(); }

// Source sends an empty response before its answer to the login, Minecraft and Factorio do not.
awaitable<error_code> log_in(shared l) {
    auto ec = co_await dial(l);
    if (ec) co_return ec;
    const auto id = l->next_id();
    ec = co_await write(l, id, packet_type::login, l->server.password.reveal());
    if (ec) co_return ec;
    auto answer = co_await read(l);
    if (answer && answer->type == packet_type::response && answer->id == id && answer->body.empty())
        answer = co_await read(l);
    if (!answer) co_return answer.error();
    if (answer->type != packet_type::login_response) co_return errc::malformed;
    if (answer->id == -1) co_return errc::denied;
    co_return answer->id == id ? error_code{} : errc::malformed;
}

awaitable<error_code> connect(shared l, milliseconds within) {
    if (l->gone) co_return errc::unreachable;
    if (l->ready && l->is_quiet()) co_return error_code{};
    l->close();
    const auto by = steady_clock::now() + std::min(within, l->bounds.connect);
    if (l->failures > 0) {
        if (l->not_before > by) co_return l->last_failure;
        l->backoff.expires_at(l->not_before);
        co_await l->backoff.async_wait(as_values);
        if (l->aborted) co_return errc::unreachable;
    }
    unless_done guard(*l);
    l->arm(by);
    auto ec = co_await log_in(l);
    if (ec && !is_ours(ec)) ec = errc::unreachable;
    if (ec && !l->aborted) l->count_failure(ec);
    if (ec) co_return ec;
    guard.done();
    l->failures = 0;
    l->ready = true;
    ++l->logins;
    co_return error_code{};
}

// The end of an answer of several packets is the answer to a second request: one of type 0, which is never a command,
// and which Minecraft answers with "Unknown request 0".
awaitable<error_code> collect(shared l, std::int32_t id, std::string& into) {
    std::int32_t mark = 0;
    for (;;) {
        const auto part = co_await read(l);
        if (!part) co_return part.error();
        if (part->type != packet_type::response) co_return errc::malformed;
        if (mark != 0 && part->id == mark) co_return error_code{};
        if (part->id != id) co_return errc::malformed;
        if (into.size() + part->body.size() > l->bounds.answer_bytes) co_return errc::too_long;
        into.append(part->body);
        if (l->spoken == dialect::factorio) co_return error_code{};
        if (mark != 0) continue;
        mark = l->next_id();
        if (const auto ec = co_await write(l, mark, packet_type::response, {})) co_return ec;
    }
}

awaitable<result<std::string>> exchange(shared l, std::string command, milliseconds within) {
    unless_done guard(*l);
    l->arm(steady_clock::now() + std::min(within, l->bounds.answer));
    const auto id = l->next_id();
    std::string answer;
    auto ec = co_await write(l, id, packet_type::command, command);
    if (!ec) ec = co_await collect(l, id, answer);
    if (l->aborted) co_return errc::lost;
    if (ec) co_return is_ours(ec) ? ec : error_code(l->expired ? errc::timed_out : errc::lost);
    guard.done();
    if (!is_utf8(answer)) co_return errc::malformed;
    co_return answer;
}

awaitable<result<>> open_one(shared l, milliseconds within) {
    turn mine(l);
    if (!co_await mine.come()) co_return errc::unreachable;
    if (const auto ec = co_await connect(l, within)) co_return ec;
    co_return result<>();
}

awaitable<result<std::string>> run_one(shared l, std::string command, milliseconds within) {
    if (!mistake_of(command, l->bounds).empty()) co_return errc::refused;
    turn mine(l);
    if (!co_await mine.come()) co_return errc::unreachable;
    if (const auto ec = co_await connect(l, within)) co_return ec;
    co_return co_await exchange(l, std::move(command), within);
}

}  // namespace

std::string_view mistake_of(std::string_view command, const limits& bounds) {
    if (command.empty()) return "the command is empty";
    if (command.size() > bounds.command_bytes) return "the command is too long";
    if (std::ranges::any_of(command, [](unsigned char c) { return c < ' ' || c == 0x7F; }))
        return "the command has a newline or another control character";
    return is_utf8(command) ? "" : "the command is not valid UTF-8";
}

client::client(executor on, server_address to, dialect d, limits bounds)
    : link_(std::make_shared<link>(std::move(on), std::move(to), d, bounds)) {}

client::~client() {
    link_->gone = true;
    link_->abort();
    link_->close();
}

awaitable<result<>> client::open(milliseconds within) { return open_one(link_, within); }

awaitable<result<std::string>> client::run(std::string command, milliseconds within) {
    return run_one(link_, std::move(command), within);
}

unsigned client::logins() const { return link_->logins; }

void client::abort() { link_->abort(); }

}  // namespace airi::workers::providers::games::rcon
