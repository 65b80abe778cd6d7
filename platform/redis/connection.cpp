#include "platform/redis/connection.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <random>
#include <stdexcept>

#include "platform/base/log.hpp"
#include "platform/base/result.hpp"

namespace airi::redis {
namespace {

constexpr milliseconds first_backoff{50};
constexpr milliseconds last_backoff{2000};

// Many processes lose the same server at once; they must not reconnect at once.
milliseconds jittered(milliseconds pause) {
    thread_local std::minstd_rand random{std::random_device{}()};
    return pause * 3 / 4 + milliseconds(random() % static_cast<unsigned>(pause.count() / 4 + 1));
}

address checked(const secret& url) {
    auto server = parse_url(url);
    if (!server)
        throw std::invalid_argument("the Redis URL is not redis[s]://[[user]:password@]host[:port][/db][?ca=file]");
    return std::move(*server);
}

}  // namespace

connection::connection(executor executor, const secret& url, patience patience)
    : executor_(std::move(executor)),
      server_(checked(url)),
      patience_(patience),
      resolver_(executor_),
      tick_timer_(executor_),
      backoff_timer_(executor_),
      tls_(make_tls(server_)),
      replies_(nullptr, redisReaderFree) {}

void connection::start() {
    run_tick();
    resolve();
}

void connection::close() {
    if (closed_) return;
    const auto keep = shared_from_this();
    closed_ = true;
    up_ = false;
    resolver_.cancel();
    tick_timer_.cancel();
    backoff_timer_.cancel();
    end_link();
}

// Pending replies will not come; the hooks of the end run later, for this may be inside one of them.
void connection::end_link() {
    if (!link_) return;
    link_->close();
    link_.reset();
    const bool was_up = std::exchange(up_, false);
    boost::asio::post(executor_, [me = shared_from_this(), was_up] { me->gone(was_up); });
    abandoned();
}

// RESP: the number of arguments, then each with its length.
bool connection::send(std::span<const std::string_view> arguments) {
    if (!link_) return false;
    auto& out = link_->outgoing();
    fmt::format_to(std::back_inserter(out), "*{}\r\n", arguments.size());
    for (const auto argument : arguments)
        fmt::format_to(std::back_inserter(out), "${}\r\n{}\r\n", argument.size(), argument);
    return true;
}

void connection::drop(std::string_view reason) {
    if (!link_) return;
    log::warn("redis.dropped", {{"host", server_.host}, {"reason", reason}});
    end_link();
}

void connection::resolve() {
    if (closed_) return;
    next_endpoint_ = 0;
    error_code not_numeric;
    const auto numeric = boost::asio::ip::make_address(server_.host, not_numeric);
    if (!not_numeric) {
        endpoints_ = {{numeric, server_.port}};
        return connect_next();
    }
    resolver_.async_resolve(server_.host, std::to_string(server_.port),
        [me = shared_from_this()](error_code ec, boost::asio::ip::tcp::resolver::results_type found) {
            if (me->closed_) return;
            me->endpoints_.assign(found.begin(), found.end());
            if (ec) log::warn("redis.not_resolved", {{"host", me->server_.host}, {"reason", ec.message()}});
            me->connect_next();
        });
}

void connection::connect_next() {
    if (next_endpoint_ == endpoints_.size()) return wait_and_reconnect();
    opened_ = ticks_;
    replies_.reset(redisReaderCreate());
    const auto me = shared_from_this();
    link_ = std::make_shared<transport>(executor_, tls_, server_.host,
        transport::owner{[me] { me->send_handshake(); }, [me](std::string_view bytes) { me->take(bytes); },
            [me](const std::string& reason) {
                if (me->tls_ && !me->up_)
                    log::write_repeated(log::level::warn, "redis.not_connected", reason,
                        {{"host", me->server_.host}, {"reason", reason}});
                me->end_link();
            }});
    link_->open(endpoints_[next_endpoint_++]);
}

void connection::take(std::string_view bytes) {
    if (redisReaderFeed(replies_.get(), bytes.data(), bytes.size()) != REDIS_OK) return drop("no memory");
    while (link_) {
        void* next = nullptr;
        if (redisReaderGetReply(replies_.get(), &next) != REDIS_OK) return drop("not the protocol of Redis");
        if (!next) return;
        const std::unique_ptr<redisReply, void (*)(void*)> reply(static_cast<redisReply*>(next), freeReplyObject);
        if (handshakes_ != 0)
            handshake_answered(*reply);
        else
            received(*reply);
    }
}

// PING goes last: a server that is still loading its data accepts connections and answers PING with an error.
void connection::send_handshake() {
    const auto command = [this](std::initializer_list<std::string_view> arguments) {
        ++handshakes_;
        send(std::span(arguments.begin(), arguments.size()));
    };
    handshakes_ = 0;
    const auto& password = server_.password.reveal();
    if (!server_.user.empty())
        command({"AUTH", server_.user, password});
    else if (!password.empty())
        command({"AUTH", password});
    if (server_.database != 0) command({"SELECT", std::to_string(server_.database)});
    command({"PING"});
}

void connection::handshake_answered(const redisReply& answer) {
    if (answer.type == REDIS_REPLY_ERROR) {
        const std::string_view text(answer.str, static_cast<std::size_t>(answer.len));
        return drop(text.substr(0, text.find(' ')));
    }
    if (--handshakes_ != 0) return;
    up_ = true;
    backoff_ = milliseconds{0};
    log::info("redis.connected", {{"host", server_.host}, {"port", server_.port}});
    ready();
}

void connection::gone(bool was_up) {
    if (closed_) return;
    if (!was_up) return connect_next();
    log::warn("redis.lost", {{"host", server_.host}, {"port", server_.port}});
    dropped();
    if (!closed_) wait_and_reconnect();
}

void connection::wait_and_reconnect() {
    if (backoff_ == first_backoff) log::warn("redis.unreachable", {{"host", server_.host}, {"port", server_.port}});
    backoff_ = std::clamp(backoff_ * 2, first_backoff, last_backoff);
    backoff_timer_.expires_after(jittered(backoff_));
    backoff_timer_.async_wait([me = shared_from_this()](error_code ec) {
        if (!ec) me->resolve();
    });
}

void connection::run_tick() {
    tick_timer_.expires_after(patience_.tick());
    tick_timer_.async_wait([me = shared_from_this()](error_code ec) {
        if (ec || me->closed_) return;
        ++me->ticks_;
        if (me->up_)
            me->tick();
        else if (me->link_ && me->ticks_ - me->opened_ > me->answer_timeout())
            me->drop("no answer to the greeting");
        if (!me->closed_) me->run_tick();
    });
}

}  // namespace airi::redis
