#include "platform/redis/connection.hpp"

#include <hiredis/async.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <random>
#include <stdexcept>

#include "platform/base/log.hpp"
#include "platform/base/result.hpp"
#include "platform/redis/adapter.hpp"

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
    if (!server) throw std::invalid_argument("the Redis URL is not redis://[[user]:password@]host[:port][/db]");
    return std::move(*server);
}

}  // namespace

connection::connection(executor executor, const secret& url, patience patience)
    : executor_(std::move(executor)),
      server_(checked(url)),
      patience_(patience),
      resolver_(executor_),
      tick_timer_(executor_),
      backoff_timer_(executor_) {}

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
    if (context_) redisAsyncFree(context_);
}

bool connection::send(callback* done, void* data, std::span<const std::string_view> arguments) {
    if (!context_) return false;
    thread_local std::vector<const char*> starts;
    thread_local std::vector<std::size_t> lengths;
    starts.clear();
    lengths.clear();
    for (auto argument : arguments) {
        starts.push_back(argument.data() ? argument.data() : "");
        lengths.push_back(argument.size());
    }
    return redisAsyncCommandArgv(
               context_, done, data, static_cast<int>(arguments.size()), starts.data(), lengths.data()) == REDIS_OK;
}

void connection::drop(std::string_view reason) {
    if (!context_) return;
    log::warn("redis.dropped", {{"host", server_.host}, {"reason", reason}});
    up_ = false;
    redisAsyncFree(context_);
}

// hiredis would resolve with a blocking call, so it gets numeric addresses only.
void connection::resolve() {
    if (closed_) return;
    next_host_ = 0;
    error_code not_numeric;
    boost::asio::ip::make_address(server_.host, not_numeric);
    if (!not_numeric) {
        hosts_ = {server_.host};
        return connect_next();
    }
    resolver_.async_resolve(server_.host, std::to_string(server_.port),
        [me = shared_from_this()](error_code ec, boost::asio::ip::tcp::resolver::results_type found) {
            if (me->closed_) return;
            me->hosts_.clear();
            for (const auto& one : found) me->hosts_.push_back(one.endpoint().address().to_string());
            if (ec) log::warn("redis.not_resolved", {{"host", me->server_.host}, {"reason", ec.message()}});
            me->connect_next();
        });
}

void connection::connect_next() {
    while (next_host_ < hosts_.size()) {
        auto* made = redisAsyncConnect(hosts_[next_host_++].c_str(), server_.port);
        if (made && made->err == 0) {
            context_ = made;
            opened_ = ticks_;
            const int on = 1;
            setsockopt(made->c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            attach(made, executor_, [me = shared_from_this()] {
                me->context_ = nullptr;
                me->up_ = false;
                boost::asio::post(me->executor_, [me] { me->gone(); });
            });
            return send_handshake();
        }
        if (made) redisAsyncFree(made);
    }
    wait_and_reconnect();
}

// PING goes last: a server that is still loading its data accepts connections and answers PING with an error.
void connection::send_handshake() {
    const auto command = [this](std::initializer_list<std::string_view> arguments) {
        ++handshakes_;
        send([](redisAsyncContext*, void* reply, void* me) { static_cast<connection*>(me)->handshake_answered(reply); },
            this, std::span(arguments.begin(), arguments.size()));
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

void connection::handshake_answered(void* reply) {
    if (!reply || closed_) return;
    const auto& answer = *static_cast<const redisReply*>(reply);
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

// Never inside a callback of hiredis: the hooks may use the next context at once.
void connection::gone() {
    if (closed_) return;
    if (handshakes_ != 0) return connect_next();
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
        else if (me->context_ && me->ticks_ - me->opened_ > me->answer_timeout())
            me->drop("no answer to the greeting");
        if (!me->closed_) me->run_tick();
    });
}

}  // namespace airi::redis
